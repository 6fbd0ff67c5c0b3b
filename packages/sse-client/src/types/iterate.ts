/** Options of `iterate()`. */
export interface IterateOptions {
  /**
   * Most entries that are queued for the loop where back pressure is impossible. Beyond that, a gap replaces the oldest
   * ones.
   * @defaultValue 10_000
   */
  maxQueued?: number;
}
