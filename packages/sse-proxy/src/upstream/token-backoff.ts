import { maxRetryMs, refusalRetryMs } from '../config/defaults.ts';

/**
 * How long to stay away, before jitter, after the upstream has refused the proxy's own credentials: twice as long each
 * time, up to five minutes [R46]. With jitter, a browser stays away for up to ten. Refusals in quick succession count
 * once, since many browsers may be refused together.
 */
export class TokenBackoff {
  #waitMs = 0;
  #changedAt = 0;

  /** The credentials were refused: returns the time to stay away, in milliseconds, before jitter. */
  next(): number {
    const now = performance.now();
    if (this.#waitMs > 0 && now - this.#changedAt < this.#waitMs / 2) return this.#waitMs;
    this.#changedAt = now;
    this.#waitMs = Math.min(this.#waitMs === 0 ? refusalRetryMs : this.#waitMs * 2, maxRetryMs);
    return this.#waitMs;
  }

  /** The credentials were accepted. */
  reset(): void {
    this.#waitMs = 0;
  }
}
