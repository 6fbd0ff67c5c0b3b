/** Bounds of what a window stores. Past them, the opens of the key that opened least recently are forgotten. */
const maxKeys = 100_000;
const maxTotalGroups = 1_000_000;

/** Opens of one key are stored in at most about this many groups. With fewer opens than this the window is exact. */
const maxGroups = 256;

/** Opens that leave the window together. */
interface Group {
  /** When they leave it: not before the last of them is `spanMs` old. */
  readonly leavesAt: number;
  count: number;
}

/** Counts opens by key within the last `spanMs`, at most `most` each. Its memory is bounded, whatever keys arrive. */
export class SlidingWindow {
  readonly #most: number;
  readonly #spanMs: number;
  readonly #sliceMs: number;
  /** In the order of the last open, so that what has expired is at the front. */
  readonly #byKey = new Map<string, Group[]>();
  #groups = 0;

  constructor(most: number, spanMs: number) {
    this.#most = most;
    this.#spanMs = spanMs;
    this.#sliceMs = most > maxGroups ? spanMs / maxGroups : 0;
  }

  /** Milliseconds until `key` may open another; 0 if it may now. */
  waitMs(key: string): number {
    const now = performance.now();
    const groups = this.#current(key, now);
    let over = groups.reduce((sum, { count }) => sum + count, 0) - this.#most;
    if (over < 0) return 0;
    for (const { leavesAt, count } of groups) {
      over -= count;
      if (over < 0) return Math.ceil(leavesAt - now);
    }
    return this.#spanMs;
  }

  /** Counts one open of `key`. */
  add(key: string): void {
    const now = performance.now();
    const groups = this.#current(key, now);
    const last = groups.at(-1);
    const leavesAt = now + this.#spanMs + this.#sliceMs;
    if (last && this.#sliceMs > 0 && leavesAt - last.leavesAt < this.#sliceMs) last.count++;
    else {
      groups.push({ leavesAt, count: 1 });
      this.#groups++;
    }
    this.#byKey.delete(key);
    this.#byKey.set(key, groups);
    this.#dropOldKeys(now);
  }

  /** What is stored: keys, and groups of opens. */
  get size(): { keys: number; groups: number } {
    return { keys: this.#byKey.size, groups: this.#groups };
  }

  #current(key: string, now: number): Group[] {
    const groups = this.#byKey.get(key);
    if (!groups) return [];
    const firstCurrent = groups.findIndex(({ leavesAt }) => leavesAt > now);
    this.#groups -= groups.splice(0, firstCurrent === -1 ? groups.length : firstCurrent).length;
    return groups;
  }

  #dropOldKeys(now: number): void {
    for (const [key, groups] of this.#byKey) {
      const isWithinBounds = this.#byKey.size <= maxKeys && this.#groups <= maxTotalGroups;
      if (isWithinBounds && (groups.at(-1)?.leavesAt ?? 0) > now) return;
      this.#byKey.delete(key);
      this.#groups -= groups.length;
    }
  }
}
