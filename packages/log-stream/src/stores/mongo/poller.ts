import type { Timing } from './timing.ts';
import type { Watch } from './watch.ts';

/** Least milliseconds between the beginnings of two looks that wake-ups cause. */
const minSpacingMs = 20;
/** A wake-up may come before its log is visible. Milliseconds until the next looks, while they find nothing. */
const retriesMs = [50, 200, 800];

/** Looks for new logs of one workflow while somebody listens and no change stream delivers them. */
export class Poller {
  readonly #watch: Watch;
  readonly #timing: Timing;
  readonly #isNeeded: () => boolean;
  readonly #onError: (error: unknown) => void;
  #timer: NodeJS.Timeout | undefined;
  #wakeTimer: NodeJS.Timeout | undefined;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #isRunning = false;

  /** @param isNeeded false while a change stream delivers the logs */
  constructor(watch: Watch, timing: Timing, isNeeded: () => boolean, onError: (error: unknown) => void) {
    this.#watch = watch;
    this.#timing = timing;
    this.#isNeeded = isNeeded;
    this.#onError = onError;
  }

  /** Looks at once, and then every `pollMs`. */
  start(): void {
    if (this.#isRunning) return;
    this.#isRunning = true;
    void this.#poll();
  }

  stop(): void {
    this.#isRunning = false;
    clearTimeout(this.#timer);
    clearTimeout(this.#wakeTimer);
    this.#wakeTimer = undefined;
  }

  /** Something may have become visible: looks at once, or soon after the last look. */
  wake(): void {
    if (!this.#isRunning || this.#wakeTimer !== undefined || !this.#isNeeded()) return;
    const waitMs = Math.max(0, minSpacingMs - (performance.now() - this.#lookedAt));
    this.#wakeAfter(waitMs, 0);
  }

  #wakeAfter(ms: number, retry: number): void {
    this.#wakeTimer = setTimeout(async () => {
      const before = this.#watch.arrivals.end;
      await this.#look(this.#isLateDue);
      this.#wakeTimer = undefined;
      const nextMs = retriesMs[retry];
      if (nextMs !== undefined && this.#isRunning && this.#watch.arrivals.end === before)
        this.#wakeAfter(nextMs, retry + 1);
    }, ms).unref();
  }

  async #poll(): Promise<void> {
    if (this.#isNeeded()) await this.#look(this.#isLateDue);
    if (this.#isRunning) this.#timer = setTimeout(() => void this.#poll(), this.#timing.pollMs).unref();
  }

  get #isLateDue(): boolean {
    // Also if the clock was set back.
    return Math.abs(this.#timing.now() - this.#watch.lateCompleteAt) >= this.#timing.lateEveryMs;
  }

  async #look(isLate: boolean): Promise<void> {
    this.#lookedAt = performance.now();
    try {
      await this.#watch.look(isLate);
    } catch (error) {
      // The next look covers the time of this one.
      this.#onError(error);
    }
  }
}
