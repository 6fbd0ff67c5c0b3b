const tickMs = 200;
const maxMs = 1_000;
/** A hold that begins within this time after the last one began continues that one. */
const continuesMs = 5_000;

/**
 * Bounds the time for which frames are held for a decision: until none arrived for 200 ms, or for a second if they keep
 * arriving, as they do if a whole log is repeated. The second keeps running while connections break: an upstream that
 * breaks again and again must not starve new frames.
 */
export class HoldTimer {
  readonly #onExpire: () => void;
  #timer: NodeJS.Timeout | undefined;
  /** When the current hold began, on the monotonic clock. */
  #since = Number.NEGATIVE_INFINITY;
  #isActive = false;

  constructor(onExpire: () => void) {
    this.#onExpire = onExpire;
  }

  /** A frame was held. Starts the timer if it doesn't run. */
  onFrame(): void {
    this.#isActive = true;
    if (this.#timer) return;
    const now = performance.now();
    if (now - this.#since > continuesMs) this.#since = now;
    this.#timer = setInterval(() => this.#tick(), tickMs);
  }

  /** The connection has ended, and its held frames are dropped. */
  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #tick(): void {
    const goesOn = this.#isActive && performance.now() - this.#since < maxMs;
    this.#isActive = false;
    if (goesOn) return;
    this.#since = Number.NEGATIVE_INFINITY;
    this.stop();
    this.#onExpire();
  }
}
