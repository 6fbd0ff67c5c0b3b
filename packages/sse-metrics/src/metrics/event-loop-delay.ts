import { monitorEventLoopDelay } from 'node:perf_hooks';

/** A delay is found up to this much too short. Each period wakes the process, also if it has nothing to do. */
const resolutionMs = 50;
const windowMs = 10_000;

/**
 * The longest delay of the event loop in the current window of at least 10 seconds, and in the one before. A window
 * ends at the first read after its time, so that the result doesn't depend on how many readers there are.
 */
export class EventLoopDelay {
  // Both always run: a delay that is over when a window ends may be counted only after that.
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
    // A histogram counts the time between two runs of a timer, of which the timer's own period is no delay.
    return Math.max(0, longestMs - resolutionMs);
  }
}

function startedHistogram() {
  const histogram = monitorEventLoopDelay({ resolution: resolutionMs });
  histogram.enable();
  return histogram;
}
