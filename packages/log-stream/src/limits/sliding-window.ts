/** Bounds of what a window stores. Beyond them, the key that opened least recently is forgotten. */
const maxKeys = 100_000;
const maxTimes = 1_000_000;

/** Counts opens by key within the last `spanMs`, at most `most` each. Its memory is bounded, whatever keys arrive. */
export class SlidingWindow {
  readonly #most: number;
  readonly #spanMs: number;
  /**
   * Times of the opens, oldest first. Keys are in the order of their last open, so that what has expired is in front.
   */
  readonly #byKey = new Map<string, number[]>();
  #times = 0;

  constructor(most: number, spanMs: number) {
    this.#most = most;
    this.#spanMs = spanMs;
  }

  /** Milliseconds until `key` may open another; 0 if it may now. */
  waitMs(key: string): number {
    const now = performance.now();
    const times = this.#current(key, now);
    const oldestThatCounts = times.at(-this.#most);
    return oldestThatCounts === undefined ? 0 : Math.ceil(oldestThatCounts + this.#spanMs - now);
  }

  /** Counts one open of `key`. */
  add(key: string): void {
    const now = performance.now();
    const times = this.#current(key, now);
    times.push(now);
    this.#times++;
    this.#byKey.delete(key);
    this.#byKey.set(key, times);
    for (const [oldest, expired] of this.#byKey) {
      const isWithinBounds = this.#byKey.size <= maxKeys && this.#times <= maxTimes;
      if (isWithinBounds && (expired.at(-1) ?? 0) > now - this.#spanMs) break;
      this.#byKey.delete(oldest);
      this.#times -= expired.length;
    }
  }

  /** Number of keys stored. */
  get size(): number {
    return this.#byKey.size;
  }

  #current(key: string, now: number): number[] {
    const times = this.#byKey.get(key) ?? [];
    const firstCurrent = times.findIndex((time) => time > now - this.#spanMs);
    this.#times -= times.splice(0, firstCurrent === -1 ? times.length : firstCurrent).length;
    return times;
  }
}
