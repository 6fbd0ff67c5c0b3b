import type { Unkeyed } from '../entries/entry-store.ts';
import type { Environment } from '../environment.ts';
import { listen } from '../listen.ts';
import type { StreamConfig } from '../options.ts';
import type { EntryList, PersistOptions, StreamSnapshot } from '../types.ts';
import { decode, encode } from './encoding.ts';

/** What is kept across reloads, all in one value, so that the cursor and the entries always agree. */
export interface PersistedState {
  /** What the user did last: switched it on, off, or neither. */
  readonly on: boolean | null;
  readonly lastEventId: string;
  readonly lastEventAt: number | null;
  readonly entries: Iterable<Unkeyed>;
}

export interface Persistence {
  readonly state: StreamSnapshot['persistence'];
  load(): PersistedState | undefined;
  /** Something changed: it is written soon. */
  changed(): void;
  /** The user changed something: it is written at once, so that a tab opened next finds it. */
  save(): void;
  wipe(): void;
  /** Writes what has not been written yet, and gives everything back. */
  close(): void;
}

type Store = NonNullable<PersistOptions['storage']>;

const prefix = 'sse-client:';
const halvings = 4;
/** So that `wipePersisted` stops those of this page too. Every one leaves when it is closed. */
const live = new Set<{ key: string; storage: Store; wipe(): void }>();

export function createPersistence(
  url: string,
  persist: StreamConfig['persist'],
  env: Environment,
  read: () => PersistedState & { readonly entries: EntryList },
  stateChanged: () => void,
): Persistence | undefined {
  if (!persist) return undefined;
  const { maxBytes, debounceMs, scope, storage = defaultStorage() } = persist;
  if (!storage) return undefined;
  const key = scopePrefix(scope) + url;
  let state: StreamSnapshot['persistence'] = 'on';
  let timer: unknown;

  function enter(next: typeof state): void {
    if (next === state) return;
    state = next;
    stateChanged();
  }

  /** Less and less, until the storage takes it; the cursor alone at the last. */
  function save(): void {
    if (state === 'off') return;
    stopTimer();
    let maxChars = maxBytes / 2 - key.length;
    for (let tries = 0; tries <= halvings; tries++) {
      const value = encode(read(), maxChars);
      try {
        storage!.setItem(key, value);
        if (tries === 0) enter('on');
        return;
      } catch {
        enter('full');
        maxChars = tries + 1 < halvings ? value.length / 2 : 0;
      }
    }
  }

  function stopTimer(): void {
    env.clearTimeout(timer);
    timer = undefined;
  }

  function saveUnwritten(): void {
    if (timer !== undefined) save();
  }

  function stop(): void {
    stopTimer();
    live.delete(self);
    release();
  }

  function hidden(): void {
    if (env.document?.visibilityState === 'hidden') saveUnwritten();
  }

  /** Wiped by another tab: what this one still holds must not come back either. */
  function removed(event: Event): void {
    const { key: gone, newValue, storageArea } = event as StorageEvent;
    const means = [null, key, scopePrefix(scope), prefix];
    if (storageArea === storage && newValue === null && means.includes(gone)) silence();
  }

  function silence(): void {
    stop();
    enter('off');
  }

  const self = {
    key,
    storage,
    get state() {
      return state;
    },
    load() {
      const saved = decode(storage.getItem(key) ?? '');
      if (!saved) storage.removeItem(key);
      return saved;
    },
    changed() {
      if (state !== 'off') timer ??= env.setTimeout(save, debounceMs);
    },
    wipe() {
      silence();
      remove(storage, key);
    },
    save,
    close() {
      saveUnwritten();
      stop();
    },
  };
  live.add(self);
  const release = listen(
    [env.window, 'pagehide', saveUnwritten],
    [env.window, 'storage', removed],
    [env.document, 'visibilitychange', hidden],
  );
  return self;
}

/**
 * Removes what streams have persisted, for the sign-out: of one scope, or of all. Streams of this page stop persisting;
 * so do those of other tabs, by the storage event.
 */
export function wipePersisted(scope?: string, storage: Store | undefined = defaultStorage()): void {
  if (!storage) return;
  const start = scope === undefined ? prefix : scopePrefix(scope);
  for (const one of [...live]) if (one.storage === storage && one.key.startsWith(start)) one.wipe();
  for (let index = storage.length; index-- > 0; ) {
    const key = storage.key(index);
    if (key?.startsWith(start)) storage.removeItem(key);
  }
  remove(storage, start);
}

/** Other tabs are told of the removal of what was there only; they may have written nothing yet. */
function remove(storage: Store, key: string): void {
  try {
    storage.setItem(key, '');
  } catch {
    // Full: then there was something of theirs.
  }
  storage.removeItem(key);
}

/** A scope can't hold what ends it, so that no scope is the beginning of another. */
function scopePrefix(scope: string): string {
  return `${prefix}${encodeURIComponent(scope)}:`;
}

/** There is none in Node, and a browser may forbid it. */
function defaultStorage(): Store | undefined {
  try {
    return globalThis.window?.localStorage;
  } catch {
    return undefined;
  }
}
