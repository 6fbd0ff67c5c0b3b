import { maxRetryMs } from '../config/defaults.ts';

/** Bounds of the waits between attempts, in milliseconds. */
export interface BackoffBounds {
  readonly minDelayMs: number;
  readonly maxDelayMs: number;
}

/**
 * How long to wait before the n-th attempt, from 0: exponential, half of it jitter, so that those who lost the same
 * upstream at once do not return at once. `floorMs` is what the upstream asked for, by `retry:` or Retry-After.
 */
export function backoffMs(
  attempt: number,
  bounds: BackoffBounds,
  floorMs = 0,
  random: () => number = Math.random,
): number {
  const ceiling = Math.min(bounds.maxDelayMs, bounds.minDelayMs * 2 ** Math.min(attempt, 30));
  const floor = Math.min(floorMs, maxRetryMs);
  return Math.max(ceiling / 2, floor) + (random() * ceiling) / 2;
}
