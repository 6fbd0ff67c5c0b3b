import { SseRedisError } from '../errors.ts';

const slices = 4;

/**
 * Settles as `work` does, or rejects with `ERR_SSE_REDIS_TIMEOUT` after `ms`. Counts down in four slices, so that a
 * stalled event loop consumes at most one slice, and a reply that has arrived is read first.
 */
export function withDeadline<T>(ms: number, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    let left = slices;
    const tick = () => {
      left--;
      if (left > 0) timer = setTimeout(tick, ms / slices);
      else
        setImmediate(() => reject(new SseRedisError('ERR_SSE_REDIS_TIMEOUT', `Redis did not respond within ${ms} ms`)));
    };
    let timer = setTimeout(tick, ms / slices);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
