import { monitorEventLoopDelay } from 'node:perf_hooks';

const resolutionMs = 20;
const windowMs = 10_000;

/**
 * The longest delay of the event loop in the current window of at least 10 seconds, and in the one before. A window ends
 * at the first read after its time, so that the result doesn't depend on how many readers there are.
 */
export class EventLoopDelay {
  readonly #histogram = monitorEventLoopDelay({ resolution: resolutionMs });
  #windowStart = performance.now();
  #previousMs = 0;

  constructor() {
    this.#histogram.enable();
  }

  /** In milliseconds. */
  read(): number {
    // The histogram counts the time between two runs of a timer, of which the timer's own period is no delay.
    const currentMs = Math.max(0, this.#histogram.max / 1e6 - resolutionMs);
    const longestMs = Math.max(currentMs, this.#previousMs);
    if (performance.now() - this.#windowStart < windowMs) return longestMs;
    this.#windowStart = performance.now();
    this.#previousMs = currentMs;
    this.#histogram.reset();
    return longestMs;
  }
}
