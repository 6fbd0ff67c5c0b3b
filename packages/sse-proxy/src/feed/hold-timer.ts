const tickMs = 200;
const maxTicks = 5;

/**
 * Bounds the time for which frames are held for a decision: until none came for 200 ms, or for a second if they keep
 * coming. A log that is repeated whole arrives without a pause.
 */
export class HoldTimer {
  readonly #onExpire: () => void;
  #timer: NodeJS.Timeout | undefined;
  #ticks = 0;
  #isActive = false;

  constructor(onExpire: () => void) {
    this.#onExpire = onExpire;
  }

  /** A frame was held. Starts the timer if it doesn't run. */
  onFrame(): void {
    this.#isActive = true;
    if (this.#timer) return;
    this.#ticks = 0;
    this.#timer = setInterval(() => this.#tick(), tickMs);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #tick(): void {
    const goesOn = this.#isActive && ++this.#ticks < maxTicks;
    this.#isActive = false;
    if (goesOn) return;
    this.stop();
    this.#onExpire();
  }
}
