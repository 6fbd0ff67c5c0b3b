import { WalWatch } from './wal-watch.ts';

/**
 * A write to the write-ahead log is noticed before its transaction is complete. Milliseconds until each further check;
 * after the last one, the change is left to the next poll.
 */
const checksMs = [1, 1, 2, 4, 8, 16, 32];
/** Most milliseconds until a replaced file is noticed. */
const maxReplacedMs = 500;
/** Least milliseconds between two notifications of other processes' writes, and the most while they go on. */
const minSpacingMs = 4;
const maxSpacingMs = 40;

/** A timer may fire this many milliseconds early. */
const timerErrorMs = 1;

/** The state that {@link Wakeups} checks. */
export interface WatchedDatabase {
  /** Undefined: in memory. */
  readonly file: string | undefined;
  /** Returns a text that changes when another connection has written, or when the file was replaced. Never throws. */
  version(): string;
  /** Returns a text that changes when the file was replaced. Never throws. */
  generation(): string;
}

/**
 * Notifies subscribers of possible new logs: at once for writes of this store; for those of other processes when the
 * write-ahead log is written, or by polling where that file can't be watched.
 *
 * Subscribers are notified of the first write after a pause at once. While writes go on, notifications become rarer,
 * because each costs one write per subscriber, and several logs can share it.
 */
export class Wakeups {
  readonly #listeners = new Set<{ readonly call: () => void }>();
  readonly #pollMs: number;
  readonly #database: WatchedDatabase;
  readonly #watch: WalWatch | undefined;
  #poll: NodeJS.Timeout | undefined;
  #next: NodeJS.Timeout | undefined;
  #polledAt = 0;
  #seen = { generation: '', version: '' };
  #written = false;
  #checks = 0;
  #spacingMs = minSpacingMs;
  /** True while writes go on: checks by a timer are cheaper than a call for each write. */
  #isFlowing = false;

  /** @param pollMs milliseconds between two polls */
  constructor(pollMs: number, database: WatchedDatabase) {
    this.#pollMs = pollMs;
    this.#database = database;
    const { file } = database;
    this.#watch = file === undefined ? undefined : new WalWatch(file, () => this.#onWrite());
  }

  subscribe(listener: () => void): () => void {
    // Wrapped, so that a function that is subscribed twice has two subscriptions, each with its own release.
    const entry = { call: listener };
    if (this.#listeners.size === 0) {
      // Read before the caller reads logs: a later write changes the version.
      this.#seen = this.#now();
      this.#watch?.start();
      this.#poll = setInterval(() => this.#onPoll(), Math.min(this.#pollMs, maxReplacedMs)).unref();
    }
    this.#listeners.add(entry);
    return () => {
      this.#listeners.delete(entry);
      if (this.#listeners.size === 0) this.#stop();
    };
  }

  notify(): void {
    for (const { call } of [...this.#listeners]) call();
  }

  close(): void {
    this.#listeners.clear();
    this.#stop();
  }

  #stop(): void {
    clearInterval(this.#poll);
    clearTimeout(this.#next);
    this.#next = undefined;
    this.#isFlowing = false;
    this.#watch?.stop();
  }

  #onPoll(): void {
    if (!this.#isFlowing) this.#watch?.start();
    if (this.#next !== undefined) return;
    const isDue = performance.now() - this.#polledAt >= this.#pollMs - timerErrorMs;
    if (isDue) this.#polledAt = performance.now();
    if (isDue || this.#database.generation() !== this.#seen.generation) this.#check();
  }

  #onWrite(): void {
    if (this.#listeners.size === 0) return;
    this.#written = true;
    if (this.#next === undefined) this.#after(0, () => this.#check());
  }

  #check(): void {
    const now = this.#now();
    if (now.version !== this.#seen.version) {
      this.#seen = now;
      this.#written = false;
      this.#checks = 0;
      this.notify();
      if (this.#listeners.size > 0) this.#after(this.#spacingMs, () => this.#onPause());
      return;
    }
    const nextMs = this.#written ? checksMs[this.#checks] : undefined;
    this.#checks = nextMs === undefined ? 0 : this.#checks + 1;
    if (nextMs === undefined) this.#written = false;
    else this.#after(nextMs, () => this.#check());
  }

  /** Ends the pause after a notification. */
  #onPause(): void {
    const hasChanged = this.#database.version() !== this.#seen.version;
    this.#spacingMs = hasChanged ? Math.min(2 * this.#spacingMs, maxSpacingMs) : minSpacingMs;
    const isFlowing = this.#spacingMs === maxSpacingMs;
    if (isFlowing) this.#watch?.stop();
    else if (this.#isFlowing) this.#watch?.start();
    const mayHaveMissed = this.#isFlowing && !isFlowing;
    this.#isFlowing = isFlowing;
    if (hasChanged || this.#written || mayHaveMissed) this.#check();
  }

  #now() {
    return { generation: this.#database.generation(), version: this.#database.version() };
  }

  #after(ms: number, call: () => void): void {
    this.#next = setTimeout(() => {
      this.#next = undefined;
      call();
    }, ms).unref();
  }
}
