/** Bounds of the waits between attempts, in milliseconds; the client uses the same for the stream. */
const minDelayMs = 1_000;
const maxDelayMs = 10_000;

/**
 * The wait before the next attempt: exponential backoff with full jitter, and never less than the server asked for.
 *
 * @param retry 0 for the first retry
 * @param floorMs the server's Retry-After in milliseconds, 0 without one
 */
export function retryDelayMs(retry: number, floorMs: number, random = Math.random): number {
  const backoffMs = random() * Math.min(minDelayMs * 2 ** retry, maxDelayMs);
  return floorMs > 0 ? floorMs * (1 + random() / 4) : backoffMs;
}
