import { monitorEventLoopDelay } from 'node:perf_hooks';

/** A measured delay can be too short by this much. A finer resolution would wake an idle process more often. */
const resolutionMs = 50;
const windowMs = 10_000;

/**
 * The longest delay of the event loop in the current window of at least 10 seconds and in the previous one. A window
 * ends at the first read after 10 seconds, so that the result doesn't depend on the number of readers.
 */
export class EventLoopDelay {
  // Both always run, because a delay that ends in one window may be counted in the next one.
  #current = startedHistogram();
  #previous = startedHistogram();
  #windowStart = performance.now();

  /** In milliseconds. */
  read(): number {
    const longestMs = Math.max(this.#current.max, this.#previous.max) / 1e6;
    const now = performance.now();
    if (now - this.#windowStart >= windowMs) {
      this.#windowStart = now;
      [this.#current, this.#previous] = [this.#previous, this.#current];
      this.#current.reset();
    }
    // A histogram measures the time between two runs of a timer, which includes the timer's own period.
    return Math.max(0, longestMs - resolutionMs);
  }
}

function startedHistogram() {
  const histogram = monitorEventLoopDelay({ resolution: resolutionMs });
  histogram.enable();
  return histogram;
}
