import type { Timing } from './timing.ts';
import type { Watch } from './watch.ts';

/** Least milliseconds between the beginnings of two looks that wake-ups cause. */
const minSpacingMs = 20;
/** A wake-up may arrive before its log is visible. Delays of further looks, in milliseconds, until one finds a log. */
const retriesMs = [50, 200, 800];

/** Looks for new logs of one watch while it has listeners and no change stream delivers them. */
export class Poller {
  readonly #watch: Watch;
  readonly #timing: Timing;
  readonly #isNeeded: () => boolean;
  #timer: NodeJS.Timeout | undefined;
  #wakeTimer: NodeJS.Timeout | undefined;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #stopping: AbortController | undefined;

  /** @param isNeeded false while a change stream delivers the logs */
  constructor(watch: Watch, timing: Timing, isNeeded: () => boolean) {
    this.#watch = watch;
    this.#timing = timing;
    this.#isNeeded = isNeeded;
  }

  /** Looks at once, and then every `pollMs`. */
  start(): void {
    if (this.#stopping) return;
    this.#stopping = new AbortController();
    void this.#poll(this.#stopping.signal);
  }

  stop(): void {
    this.#stopping?.abort();
    this.#stopping = undefined;
    clearTimeout(this.#timer);
    clearTimeout(this.#wakeTimer);
    this.#wakeTimer = undefined;
  }

  /** Call it when a log may have become visible: looks at once, or soon after the last look. */
  wake(): void {
    if (!this.#stopping || this.#wakeTimer !== undefined || !this.#isNeeded()) return;
    const waitMs = Math.max(0, minSpacingMs - (performance.now() - this.#lookedAt));
    this.#wakeAfter(waitMs, 0, this.#stopping.signal);
  }

  #wakeAfter(ms: number, retry: number, signal: AbortSignal): void {
    this.#wakeTimer = setTimeout(async () => {
      const before = this.#watch.list.arrivals.end;
      await this.#look();
      // It may have been stopped during the look, and started again.
      if (signal.aborted) return;
      this.#wakeTimer = undefined;
      const nextMs = retriesMs[retry];
      if (nextMs !== undefined && this.#watch.list.arrivals.end === before) this.#wakeAfter(nextMs, retry + 1, signal);
    }, ms).unref();
  }

  async #poll(signal: AbortSignal): Promise<void> {
    if (this.#isNeeded()) await this.#look();
    // It may have been stopped during the look, and started again: then that start polls.
    if (!signal.aborted) this.#timer = setTimeout(() => void this.#poll(signal), this.#timing.pollMs).unref();
  }

  async #look(): Promise<void> {
    this.#lookedAt = performance.now();
    // Not the difference itself: the clock may have been set back.
    const isLate = Math.abs(this.#timing.now() - this.#watch.lateCompleteAt) >= this.#timing.lateEveryMs;
    // A failed look needs no retry: the next one covers its time too. The collection remembers the failure for
    // `health()`.
    await this.#watch.look(isLate).catch(() => {});
  }
}
