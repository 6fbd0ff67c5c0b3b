/** Options of `iterate()`. */
export interface IterateOptions {
  /**
   * How many entries may wait for the loop where back pressure is impossible; more than that are replaced by a gap, the
   * oldest first.
   * @defaultValue 10_000
   */
  maxQueued?: number;
}
