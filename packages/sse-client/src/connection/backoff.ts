/** Upper bound for the waits that a server requests, one hour: its mistake must not end a stream for good. */
export const maxFloorMs = 3_600_000;

/** Bounds of the backoff, in milliseconds. A wait is a random part of it. */
export interface BackoffBounds {
  readonly minDelayMs: number;
  readonly maxDelayMs: number;
}

/**
 * Returns the wait before a retry, in milliseconds: a random time between `floorMs` and the larger of the backoff and
 * 1.25 × `floorMs`, so that the clients of a server that failed don't return at the same time.
 *
 * @param retry 0 for the first retry
 * @param floorMs the wait that the server asked for; up to {@link maxFloorMs} counts
 */
export function backoffMs(retry: number, bounds: BackoffBounds, floorMs: number, random: () => number): number {
  const ceiling = Math.min(bounds.minDelayMs * 2 ** retry, bounds.maxDelayMs);
  const floor = Math.min(floorMs, maxFloorMs);
  return Math.round(floor + random() * (Math.max(ceiling, floor * 1.25) - floor));
}

/** Retry-After in milliseconds, from whole seconds or an HTTP date; 0 if it is missing or invalid. */
export function retryAfterMs(value: string | null, now: number): number {
  const text = value ?? '';
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now;
  return Math.max(ms || 0, 0);
}
