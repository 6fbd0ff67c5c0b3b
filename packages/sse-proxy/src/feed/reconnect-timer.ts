import { type BackoffBounds, backoffMs } from './backoff.ts';

/** Times an outage, from the loss of the upstream to its return: when to retry, and when to give up. */
export class ReconnectTimer {
  /** Begin and end of the current outage, or of the last one, in milliseconds since the epoch. */
  from = 0;
  to = 0;
  /** Number of requests since the upstream's last event. */
  attempts = 0;
  #lostAt: number | undefined;
  /** Time before which the upstream has asked not to be requested again, on the monotonic clock. */
  #pauseEndsAt = 0;
  #retryTimer: NodeJS.Timeout | undefined;
  #endTimer: NodeJS.Timeout | undefined;

  /** True during an outage. */
  get isOn(): boolean {
    return this.#lostAt !== undefined;
  }

  /** Duration of the current outage, in milliseconds; 0 without one. */
  get awayMs(): number {
    return this.#lostAt === undefined ? 0 : performance.now() - this.#lostAt;
  }

  /** The upstream is lost. `hasDelivered`: it has sent an event since the last loss. */
  begin(hasDelivered: boolean): void {
    if (hasDelivered) this.attempts = 0;
    if (this.#lostAt !== undefined) return;
    this.#lostAt = performance.now();
    this.from = Date.now();
  }

  /** Calls `giveUp` in `maxMs` milliseconds unless the outage has ended. No effect if the outage is limited already. */
  limit(maxMs: number, giveUp: () => void): void {
    this.#endTimer ??= setTimeout(giveUp, maxMs);
  }

  /** Calls `retry` when the next attempt is due, in `floorMs` milliseconds or later. */
  schedule(bounds: BackoffBounds, floorMs: number, retry: () => void): void {
    this.#retryTimer = setTimeout(retry, backoffMs(this.attempts++, bounds, floorMs));
  }

  /** The upstream has asked for a pause, by Retry-After. */
  noteRetryAfter(ms = 0): void {
    this.#pauseEndsAt = Math.max(this.#pauseEndsAt, performance.now() + ms);
  }

  /** The rest of the longest pause that the upstream has asked for, in milliseconds; undefined if there is none. */
  get retryAfterMs(): number | undefined {
    const leftMs = this.#pauseEndsAt - performance.now();
    return leftMs > 0 ? leftMs : undefined;
  }

  /** The upstream is back. Returns how long it was away, in milliseconds. */
  end(): number {
    const { awayMs } = this;
    clearTimeout(this.#endTimer);
    this.#endTimer = undefined;
    this.#lostAt = undefined;
    this.to = Date.now();
    return awayMs;
  }

  /** Stops both timers. */
  stop(): void {
    clearTimeout(this.#retryTimer);
    clearTimeout(this.#endTimer);
  }
}
