import { setTimeout as delay } from 'node:timers/promises';
import { isBusy } from './sqlite-error.ts';

/** Milliseconds until a call gives up on the lock of another process. */
const busyTimeoutMs = 5_000;
const maxPauseMs = 25;

/**
 * Calls `work` until it does not find the database locked. Between two attempts the event loop runs, which SQLite's own
 * `busy_timeout` would block.
 *
 * @param timeoutMs milliseconds after which the last error of `work` is thrown; other errors are thrown at once
 */
export async function retryWhileBusy<T>(work: () => T, timeoutMs = busyTimeoutMs): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (let pauseMs = 1; ; pauseMs = Math.min(2 * pauseMs, maxPauseMs)) {
    try {
      return work();
    } catch (error) {
      if (!isBusy(error) || performance.now() > deadline) throw error;
    }
    await delay(pauseMs);
  }
}
