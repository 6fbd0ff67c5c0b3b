import { maxRetryMs } from '../config/defaults.ts';

/** Bounds of the delays between attempts, in milliseconds. */
export interface BackoffBounds {
  readonly minDelayMs: number;
  readonly maxDelayMs: number;
}

/**
 * The delay before attempt number `attempt`, counted from 0, in milliseconds: it doubles up to `maxDelayMs`. Half of it
 * is jitter, so that feeds which lost the same upstream don't reconnect at the same moment. It is at least `floorMs`,
 * the delay that the upstream asked for by `retry:` or Retry-After, of which up to five minutes count.
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
