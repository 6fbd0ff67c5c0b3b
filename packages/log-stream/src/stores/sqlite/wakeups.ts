import { WalWatch } from './wal-watch.ts';

/**
 * A write to the write-ahead log is seen before its transaction is complete. Milliseconds until the next looks; after the
 * last one the poll takes over.
 */
const looksMs = [1, 1, 2, 4, 8, 16, 32];
/** Least milliseconds between two notifications of other processes' writes, and the most while they go on. */
const minSpacingMs = 4;
const maxSpacingMs = 40;

/**
 * Notifies subscribers of possible new logs: at once for writes of this store; for those of other processes when the
 * write-ahead log is written, and by polling where that can't be watched.
 *
 * The first write after a pause is notified at once. While writes go on, notifications become rarer, because each costs one
 * write per subscriber, and several logs can share it.
 */
export class Wakeups {
  readonly #listeners = new Set<{ readonly call: () => void }>();
  readonly #pollMs: number;
  readonly #version: () => string;
  readonly #watch: WalWatch | undefined;
  #poll: NodeJS.Timeout | undefined;
  #next: NodeJS.Timeout | undefined;
  #seenVersion = '';
  #written = false;
  #looks = 0;
  #spacingMs = minSpacingMs;
  /** True while writes go on: looks by the clock are cheaper than being called at each write. */
  #isFlowing = false;

  /**
   * @param pollMs milliseconds between two polls
   * @param version returns a text that changes after a write of another connection
   * @param file the database; undefined: in memory
   */
  constructor(pollMs: number, version: () => string, file: string | undefined) {
    this.#pollMs = pollMs;
    this.#version = version;
    this.#watch = file === undefined ? undefined : new WalWatch(file, () => this.#onWrite());
  }

  subscribe(listener: () => void): () => void {
    // Wrapped, so that a function that is subscribed twice has two subscriptions, each with its own release.
    const entry = { call: listener };
    if (this.#listeners.size === 0) {
      // Read before the caller reads logs: a later write changes the version.
      this.#seenVersion = this.#version();
      this.#watch?.start();
      this.#poll = setInterval(() => this.#onPoll(), this.#pollMs).unref();
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
    if (this.#next === undefined) this.#look();
  }

  #onWrite(): void {
    if (this.#listeners.size === 0) return;
    this.#written = true;
    if (this.#next === undefined) this.#after(0, () => this.#look());
  }

  #look(): void {
    const version = this.#version();
    if (version !== this.#seenVersion) {
      this.#seenVersion = version;
      this.#written = false;
      this.#looks = 0;
      this.notify();
      if (this.#listeners.size > 0) this.#after(this.#spacingMs, () => this.#onPause());
      return;
    }
    const nextMs = this.#written ? looksMs[this.#looks] : undefined;
    this.#looks = nextMs === undefined ? 0 : this.#looks + 1;
    if (nextMs === undefined) this.#written = false;
    else this.#after(nextMs, () => this.#look());
  }

  /** Ends the time after a notification in which no other one is sent. */
  #onPause(): void {
    const hasChanged = this.#version() !== this.#seenVersion;
    this.#spacingMs = hasChanged ? Math.min(2 * this.#spacingMs, maxSpacingMs) : minSpacingMs;
    const isFlowing = this.#spacingMs === maxSpacingMs;
    if (isFlowing) this.#watch?.stop();
    else if (this.#isFlowing) this.#watch?.start();
    const mayHaveMissed = this.#isFlowing && !isFlowing;
    this.#isFlowing = isFlowing;
    if (hasChanged || this.#written || mayHaveMissed) this.#look();
  }

  #after(ms: number, call: () => void): void {
    this.#next = setTimeout(() => {
      this.#next = undefined;
      call();
    }, ms).unref();
  }
}
