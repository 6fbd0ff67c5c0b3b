/** More than this no server may ask for: a slip of theirs must not end a stream for good. One hour. */
export const maxFloorMs = 3_600_000;

/** Bounds of the waits between attempts, in milliseconds. */
export interface BackoffBounds {
  readonly minDelayMs: number;
  readonly maxDelayMs: number;
}

/**
 * How long to wait before the n-th retry, from 0: exponential with full jitter, so that those who lost the same server
 * at once don't return at once. `floorMs` is what the server asked for; where it exceeds the backoff there is jitter
 * above it, for the same reason.
 */
export function backoffMs(retry: number, bounds: BackoffBounds, floorMs: number, random: () => number): number {
  const ceiling = Math.min(bounds.minDelayMs * 2 ** retry, bounds.maxDelayMs);
  const floor = Math.min(floorMs, maxFloorMs);
  return Math.round(floor + random() * (Math.max(ceiling, floor * 1.25) - floor));
}

/** Retry-After in milliseconds: whole seconds or an HTTP date; 0 if there is none that can be read. */
export function retryAfterMs(value: string | null, now: number): number {
  const text = value ?? '';
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now;
  return Math.max(ms || 0, 0);
}
