import { randomBytes } from 'node:crypto';
import type { LogFilter } from '../../log-store.ts';
import type { RawDocument } from './document.ts';
import type { Hex } from './object-ids.ts';
import { Poller } from './poller.ts';
import { Watch, type WatchContext } from './watch.ts';

/** Milliseconds for which a watch without listeners is kept for subscribers that return or catch up. */
const keptMs = 600_000;
/** Most watches without listeners. */
const maxIdle = 1_000;
/** Milliseconds until the next attempt to begin a watch that has listeners. */
const retryMs = 1_000;

/** A watch, and what belongs to it. */
interface Entry {
  readonly watch: Watch;
  /** Undefined after a failure. */
  begun: Promise<void> | undefined;
  readonly poller: Poller;
  timer: NodeJS.Timeout | undefined;
  /** Set while the watch has listeners. */
  release: (() => void) | undefined;
}

/** Called when a watch gets its first listener. Returns the release, called when the watch has lost its last one. */
export type Listen = (filter: LogFilter) => () => void;

/** The watches of a store: one per workflow, however many subscribers it has. */
export class Watches {
  readonly #context: WatchContext;
  readonly #ready: () => Promise<void>;
  readonly #needsPolls: () => boolean;
  readonly #onListen: Listen;
  /** Least recently used first. */
  readonly #entries = new Map<string, Entry>();
  #isClosed = false;
  /** Time of the last {@link completeUntil}. */
  #completeAt = 0;

  /**
   * @param ready called before the first read of each watch, which awaits it
   * @param needsPolls false while a change stream delivers the logs
   */
  constructor(context: WatchContext, ready: () => Promise<void>, needsPolls: () => boolean, onListen: Listen) {
    this.#context = context;
    this.#ready = ready;
    this.#needsPolls = needsPolls;
    this.#onListen = onListen;
  }

  /** Number of watches that have listeners. */
  get listening(): number {
    let count = 0;
    for (const { watch } of this.#entries.values()) if (watch.hasListeners) count++;
    return count;
  }

  /** Returns the watch of a workflow, and keeps it for a while. */
  async open(filter: LogFilter): Promise<Watch> {
    const entry = this.#entryOf(filter);
    await this.#begin(entry);
    return entry.watch;
  }

  /** True if places in the watch's list are still valid. */
  has(watch: Watch): boolean {
    return this.#entries.get(keyOf(watch.filter))?.watch === watch;
  }

  subscribe(listener: () => void, filter: LogFilter): () => void {
    if (this.#isClosed) return () => {};
    const entry = this.#entryOf(filter);
    const { watch } = entry;
    const isFirst = !watch.hasListeners;
    const release = watch.subscribe(listener);
    if (isFirst) {
      clearTimeout(entry.timer);
      void this.#listen(entry);
      entry.release = this.#onListen(watch.filter);
    }
    let isReleased = false;
    return () => {
      if (isReleased) return;
      isReleased = true;
      release();
      if (!watch.hasListeners) this.#onIdle(entry);
    };
  }

  /** Looks at once for new logs of a workflow, if a watch that lists them has listeners. */
  wake(scope: LogFilter): void {
    for (const key of keysOf(scope)) this.#entries.get(key)?.poller.wake();
  }

  /** Lists an insert that a change stream has delivered. */
  arrive(id: Hex, raw: RawDocument): void {
    for (const key of keysOf(raw.meta ?? {})) this.#entries.get(key)?.watch.arrive(id, raw);
  }

  /** Call it when the change stream has delivered everything that was visible at `time`. */
  completeUntil(time: number): void {
    // Inserts have times in whole seconds, so most calls repeat the last one.
    if (time === this.#completeAt) return;
    this.#completeAt = time;
    for (const { watch } of this.#entries.values()) watch.completeUntil(time);
  }

  /**
   * Looks for everything that may have become visible without being found.
   *
   * @param isLost true if the change stream may have missed inserts that have been deleted since: adds a loss where it
   * may have
   */
  async catchUp(isLost: boolean): Promise<void> {
    await Promise.all(
      [...this.#entries.values()].map(async (entry) => {
        const { watch } = entry;
        // The caller that began it gets the error. The next attempt reads everything.
        await entry.begun?.catch(() => {});
        if (entry.begun === undefined) return;
        if (isLost) await watch.checkLoss();
        await watch.look(true);
      }),
    );
  }

  close(): void {
    this.#isClosed = true;
    for (const entry of this.#entries.values()) this.#discard(entry);
  }

  #entryOf(filter: LogFilter): Entry {
    const key = keyOf(filter);
    const entry = this.#entries.get(key) ?? this.#open(filter, key);
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    if (!entry.watch.hasListeners) this.#keep(entry);
    return entry;
  }

  #open({ workspaceID, workflowID }: LogFilter, key: string): Entry {
    const filter = {
      ...(workspaceID !== undefined && { workspaceID }),
      ...(workflowID !== undefined && { workflowID }),
    };
    const name = randomBytes(6).readUIntBE(0, 6).toString(36);
    const watch = new Watch(this.#context, filter, name);
    const poller = new Poller(watch, this.#context.timing, this.#needsPolls);
    const entry: Entry = { watch, begun: undefined, poller, timer: undefined, release: undefined };
    this.#entries.set(key, entry);
    return entry;
  }

  /** Begins the watch, once. The first call after a failure tries again. */
  #begin(entry: Entry): Promise<void> {
    entry.begun ??= this.#ready()
      .then(() => entry.watch.begin())
      .catch((error) => {
        entry.begun = undefined;
        if (!entry.watch.hasListeners) this.#discard(entry);
        throw error;
      });
    return entry.begun;
  }

  /** Begins the watch, then polls while it has listeners. */
  async #listen(entry: Entry): Promise<void> {
    const isWanted = () => entry.watch.hasListeners && !this.#isClosed;
    const { hasBegun } = entry.watch;
    try {
      await this.#begin(entry);
      if (!isWanted()) return;
      entry.poller.start();
      // Logs that became visible after the subscription may be among those with which the list began.
      if (!hasBegun) entry.watch.notify();
    } catch {
      // A reader gets the error from `open`.
      if (!isWanted()) return;
      clearTimeout(entry.timer);
      entry.timer = setTimeout(() => void this.#listen(entry), retryMs).unref();
    }
  }

  #onIdle(entry: Entry): void {
    if (this.#isClosed) return;
    stop(entry);
    this.#keep(entry);
    let idle = 0;
    for (const other of [...this.#entries.values()].reverse()) {
      if (!other.watch.hasListeners && ++idle > maxIdle) this.#discard(other);
    }
  }

  #keep(entry: Entry): void {
    clearTimeout(entry.timer);
    entry.timer = setTimeout(() => this.#discard(entry), keptMs).unref();
  }

  #discard(entry: Entry): void {
    clearTimeout(entry.timer);
    stop(entry);
    const key = keyOf(entry.watch.filter);
    if (this.#entries.get(key) === entry) this.#entries.delete(key);
  }
}

/** Releases everything that an entry needs only while its watch has listeners. */
function stop(entry: Entry): void {
  entry.poller.stop();
  entry.watch.list.releaseLogs();
  entry.release?.();
  entry.release = undefined;
}

function keyOf({ workspaceID, workflowID }: LogFilter): string {
  return JSON.stringify([workspaceID, workflowID]);
}

/** The keys of the watches that list the logs of a workflow. */
function keysOf(scope: { readonly workspaceID?: unknown; readonly workflowID?: unknown }): string[] {
  const { workspaceID, workflowID } = scope as LogFilter;
  return [{ workspaceID, workflowID }, { workspaceID }, { workflowID }, {}].map((filter) => keyOf(filter as LogFilter));
}
