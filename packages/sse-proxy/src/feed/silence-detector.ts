/** Shortest silence that is reported, in milliseconds. */
const minSilenceMs = 10_000;
/** Comments within this time, in milliseconds, count as one: a greeting of several lines is no heartbeat. */
const burstMs = 100;

/**
 * Judges whether an upstream that sends comments as heartbeats has fallen silent: after three times the longest
 * interval between two of its comments, and at least 10 s [R43].
 */
export class SilenceDetector {
  #lastCommentAt: number | undefined;
  #longestMs = 0;

  /** `now`: a monotonic time in milliseconds. */
  onComment(now: number): void {
    if (this.#lastCommentAt !== undefined) {
      const intervalMs = now - this.#lastCommentAt;
      if (intervalMs < burstMs) return;
      this.#longestMs = Math.max(this.#longestMs, intervalMs);
    }
    this.#lastCommentAt = now;
  }

  /** A new connection begins: the time since the last comment does not count as an interval. */
  restart(): void {
    this.#lastCommentAt = undefined;
  }

  /** `quietMs`: time since the upstream's last byte. */
  isSilent(quietMs: number): boolean {
    return this.#longestMs > 0 && quietMs >= Math.max(minSilenceMs, 3 * this.#longestMs);
  }
}
