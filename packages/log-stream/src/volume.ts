import type { LogLevel, LogVolume } from './log-store.ts';

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

/** Widths of buckets that people read easily, ascending. */
const widths = [
  ...[1, 2, 5, 10, 15, 30].map((seconds) => seconds * second),
  ...[1, 2, 5, 10, 15, 30].map((minutes) => minutes * minute),
  ...[1, 2, 3, 6, 12].map((hours) => hours * hour),
  ...[1, 2, 7].map((days) => days * day),
];

/**
 * The narrowest buckets, at most `max` of them, that reach from one instant to another. They begin at multiples of
 * their width.
 */
export function bucketsOf(
  firstMs: number,
  lastMs: number,
  max: number,
): { fromMs: number; bucketMs: number; count: number } {
  const countOf = (width: number) => Math.floor(lastMs / width) - Math.floor(firstMs / width) + 1;
  let width = widths.find((each) => countOf(each) <= max) ?? 28 * day;
  while (countOf(width) > max) width *= 2;
  return { fromMs: Math.floor(firstMs / width) * width, bucketMs: width, count: countOf(width) };
}

/** No log, and no bounds to divide. */
export const noVolume: LogVolume = { fromMs: 0, bucketMs: 0, counts: { DEBUG: [], INFO: [], WARN: [], ERROR: [] } };

/** Counts logs in the buckets between two instants. */
export class VolumeCounter {
  readonly fromMs: number;
  readonly bucketMs: number;
  readonly #counts: Record<LogLevel, number[]>;

  constructor(firstMs: number, lastMs: number, max: number) {
    const { fromMs, bucketMs, count } = bucketsOf(firstMs, lastMs, max);
    this.fromMs = fromMs;
    this.bucketMs = bucketMs;
    const zeros = () => new Array<number>(count).fill(0);
    this.#counts = { DEBUG: zeros(), INFO: zeros(), WARN: zeros(), ERROR: zeros() };
  }

  /** Ignores levels and buckets that it does not have. */
  add(level: LogLevel, bucket: number, logs: number): void {
    const counts = this.#counts[level];
    if (counts?.[bucket] !== undefined) counts[bucket] += logs;
  }

  addAt(level: LogLevel, ms: number): void {
    this.add(level, Math.floor((ms - this.fromMs) / this.bucketMs), 1);
  }

  result(): LogVolume {
    const { fromMs, bucketMs } = this;
    return { fromMs, bucketMs, counts: this.#counts };
  }
}
