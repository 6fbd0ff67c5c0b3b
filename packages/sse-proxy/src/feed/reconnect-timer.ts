import { type BackoffBounds, backoffMs } from './backoff.ts';

/** The time from the loss of an upstream to its return: when to try again, and when to give up. */
export class ReconnectTimer {
  /** When it began and when it was over, in milliseconds since the epoch: of the one under way, or else the last. */
  from = 0;
  to = 0;
  /** How often the upstream was tried since its last event. */
  attempts = 0;
  #lostAt: number | undefined;
  /** Until when the upstream has asked not to be tried again, as a monotonic time. */
  #retryAfter = 0;
  #retryTimer: NodeJS.Timeout | undefined;
  #endTimer: NodeJS.Timeout | undefined;

  /** Whether it is under way. */
  get isOn(): boolean {
    return this.#lostAt !== undefined;
  }

  /** The upstream is lost, if it wasn't already. `giveUp` is called when it has been for `maxMs`. */
  begin(hasDelivered: boolean, maxMs: number, giveUp: () => void): void {
    if (hasDelivered) this.attempts = 0;
    if (this.#lostAt !== undefined) return;
    this.#lostAt = performance.now();
    this.from = Date.now();
    this.#endTimer = setTimeout(giveUp, maxMs);
  }

  /** Calls `retry` when it is time for the next attempt, `floorMs` from now or later. */
  retryLater(bounds: BackoffBounds, floorMs: number, retry: () => void): void {
    this.#retryTimer = setTimeout(retry, backoffMs(this.attempts++, bounds, floorMs));
  }

  /** The upstream has asked for a pause. */
  noteRetryAfter(ms = 0): void {
    this.#retryAfter = Math.max(this.#retryAfter, performance.now() + ms);
  }

  /** What is left of the longest pause that the upstream has asked for, in milliseconds; undefined if nothing is. */
  get retryAfterMs(): number | undefined {
    const leftMs = this.#retryAfter - performance.now();
    return leftMs > 0 ? leftMs : undefined;
  }

  /** The upstream is back. Says how long it was away, in milliseconds. */
  end(): number {
    const awayMs = performance.now() - (this.#lostAt ?? 0);
    clearTimeout(this.#endTimer);
    this.#lostAt = undefined;
    this.to = Date.now();
    return awayMs;
  }

  /** Nobody waits for the upstream any more. */
  stop(): void {
    clearTimeout(this.#retryTimer);
    clearTimeout(this.#endTimer);
  }
}
