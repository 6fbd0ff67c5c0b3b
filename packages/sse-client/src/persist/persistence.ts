import { listen } from '../listen.ts';
import type { PersistedStream, Persistence, StreamPersister } from '../persister.ts';
import type { Persister, PersistOptions, StreamSnapshot } from '../types.ts';
import { decode, encode } from './encoding.ts';
import { type PersistConfig, readPersistOptions } from './options.ts';

type Store = NonNullable<PersistOptions['storage']>;

const prefix = 'sse-client:';
const halvings = 4;
/** The open persistences of this page, for `wipePersisted`. */
const live = new Set<{ key: string; storage: Store; wipe(): void }>();

/**
 * Keeps a stream's newest entries, its cursor and the user's choice in localStorage, or another storage, as one value.
 * Pass it as the option `persist`.
 *
 * @throws TypeError for a wrong option; the message names it, what was expected and what arrived
 * @example
 * ```ts
 * createEventStream('/sse/logs/stream', { persist: localPersistence({ scope: user.id }) });
 * ```
 */
export function localPersistence(options: PersistOptions): Persister {
  const config = readPersistOptions(options);
  const persister: StreamPersister = {
    option: 'persist',
    scope: config.scope,
    open: (stream) => openPersistence(config, stream),
  };
  return persister;
}

function openPersistence(config: PersistConfig, stream: PersistedStream): Persistence | undefined {
  const { url, env, read, changed: stateChanged } = stream;
  const { maxBytes, debounceMs, scope, storage = defaultStorage() } = config;
  if (!storage) return undefined;
  const key = scopePrefix(scope) + url;
  let state: StreamSnapshot['persistence'] = 'on';
  let timer: unknown;
  let written: string | undefined;

  function enter(next: typeof state): void {
    if (next === state) return;
    state = next;
    stateChanged();
  }

  /** Halves the value until the storage accepts it; the last try is the cursor alone. */
  function save(): void {
    if (state === 'off') return;
    stopTimer();
    let maxChars = maxBytes / 2 - key.length;
    for (let tries = 0; tries <= halvings; tries++) {
      const value = encode(read(), maxChars);
      try {
        storage!.setItem(key, value);
        written = value;
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

  function onVisibility(): void {
    if (env.document?.visibilityState === 'hidden') saveUnwritten();
  }

  /**
   * Another tab has wiped the value. This tab must not write it again, and removes what it has written between the wipe
   * and this event. A value that another tab has written stays, because it may be of a new session.
   */
  function onStorage(event: Event): void {
    const { key: removed, newValue, storageArea } = event as StorageEvent;
    const own = [null, key, scopePrefix(scope), prefix];
    if (storageArea === storage && newValue === null && own.includes(removed)) {
      silence();
      if (written !== undefined && storage!.getItem(key) === written) storage!.removeItem(key);
    }
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
    [env.window, 'storage', onStorage],
    [env.document, 'visibilitychange', onVisibility],
  );
  return self;
}

/**
 * Removes what streams have persisted; call it at sign-out. Streams of this page stop persisting, as do those of other
 * tabs, which get a storage event.
 *
 * @param scope the `scope` of the streams; all scopes if left out
 * @param storage where they persist. Has no effect without a storage. @defaultValue `window.localStorage`
 */
export function wipePersisted(scope?: string, storage: Store | undefined = defaultStorage()): void {
  if (!storage) return;
  const start = scope === undefined ? prefix : scopePrefix(scope);
  for (const own of [...live]) if (own.storage === storage && own.key.startsWith(start)) own.wipe();
  for (let index = storage.length; index-- > 0; ) {
    const key = storage.key(index);
    if (key?.startsWith(start)) storage.removeItem(key);
  }
  remove(storage, start);
}

/**
 * Writes before it removes: other tabs get an event only if there is a value, and they may not have written theirs yet.
 */
function remove(storage: Store, key: string): void {
  try {
    storage.setItem(key, '');
  } catch {
    // The storage is full, so one of the other tabs' values is in it.
  }
  storage.removeItem(key);
}

/** The encoding excludes `:` from the scope, so that no scope is a prefix of another. */
function scopePrefix(scope: string): string {
  return `${prefix}${encodeURIComponent(scope)}:`;
}

/** Undefined in Node, and where the browser denies access. */
function defaultStorage(): Store | undefined {
  try {
    return globalThis.window?.localStorage;
  } catch {
    return undefined;
  }
}
