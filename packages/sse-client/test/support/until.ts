/**
 * Pauses between two calls of the condition, in milliseconds: a twentieth of the wait so far, because polling takes
 * CPU time from other processes.
 */
const firstPauseMs = 1;
const maxPauseMs = 20;
const growth = 1.05;

/** Resolves with the first truthy result of `condition`. The test runner's timeout ends an endless wait. */
export function until<T>(condition: () => T | undefined | false | null | 0 | ''): Promise<T> {
  return new Promise((resolve, reject) => {
    let pauseMs = firstPauseMs;
    const look = () => {
      try {
        const value = condition();
        if (value) return resolve(value);
        setTimeout(look, pauseMs);
        pauseMs = Math.min(pauseMs * growth, maxPauseMs);
      } catch (error) {
        reject(error);
      }
    };
    look();
  });
}
