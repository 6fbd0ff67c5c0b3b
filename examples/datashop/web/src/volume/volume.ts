import { type LevelGroup, levelGroups } from '../log.ts';

/** Number of lines by level in consecutive buckets of time. */
export interface Volume {
  /** When the first bucket begins, in milliseconds since 1970. */
  readonly fromMs: number;
  /** Width of a bucket, in milliseconds; 0 without buckets. */
  readonly bucketMs: number;
  readonly counts: Readonly<Record<LevelGroup, readonly number[]>>;
}

/** Indices of the first and the last bucket of a selection. */
export interface Span {
  readonly first: number;
  readonly last: number;
}

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

/** Widths of buckets that people read easily, ascending; the log service has the same. */
const widths = [
  ...[1, 2, 5, 10, 15, 30].map((seconds) => seconds * second),
  ...[1, 2, 5, 10, 15, 30].map((minutes) => minutes * minute),
  ...[1, 2, 3, 6, 12].map((hours) => hours * hour),
  ...[1, 2, 7].map((days) => days * day),
];

export const maxBuckets = 60;

export const noVolume: Volume = { fromMs: 0, bucketMs: 0, counts: zeros(0) };

/** A line as it is counted. */
export interface Counted {
  readonly group: LevelGroup;
  readonly time: number;
}

/** A volume whose counts are 0, to be filled in. */
export function emptyVolume(
  fromMs: number,
  bucketMs: number,
  buckets: number,
): Volume & { readonly counts: Record<LevelGroup, number[]> } {
  return { fromMs, bucketMs, counts: zeros(buckets) };
}

/**
 * The narrowest width with which the time from the first to the last millisecond has no more buckets than are shown.
 */
export function widthOf(first: number, last: number): number {
  const countOf = (width: number) => Math.floor(last / width) - Math.floor(first / width) + 1;
  let width = widths.find((each) => countOf(each) <= maxBuckets) ?? 28 * day;
  while (countOf(width) > maxBuckets) width *= 2;
  return width;
}

function zeros(length: number): Record<LevelGroup, number[]> {
  const each = () => new Array<number>(length).fill(0);
  return { DEBUG: each(), INFO: each(), WARN: each(), ERROR: each(), OTHER: each() };
}

export const bucketCount = ({ counts }: Volume): number => counts.INFO.length;

/** All lines of a bucket. */
export function totalAt({ counts }: Volume, bucket: number): number {
  return levelGroups.reduce((sum, group) => sum + (counts[group][bucket] ?? 0), 0);
}

/** When the buckets of a span begin and end, in milliseconds since 1970. The end is excluded. */
export function timesOf({ fromMs, bucketMs }: Volume, { first, last }: Span): { from: number; to: number } {
  return { from: fromMs + first * bucketMs, to: fromMs + (last + 1) * bucketMs };
}

/** Ascending, within the buckets that there are. */
export function spanOf(volume: Volume, a: number, b: number): Span {
  const clamp = (index: number) => Math.min(Math.max(0, index), bucketCount(volume) - 1);
  return { first: clamp(Math.min(a, b)), last: clamp(Math.max(a, b)) };
}

/** "12 lines, 2 errors" of a span. */
export function spanText(volume: Volume, { first, last }: Span): string {
  let lines = 0;
  let errors = 0;
  for (let bucket = first; bucket <= last; bucket += 1) {
    lines += totalAt(volume, bucket);
    errors += volume.counts.ERROR[bucket] ?? 0;
  }
  const count = (number: number, one: string) => `${number.toLocaleString('en')} ${one}${number === 1 ? '' : 's'}`;
  return errors === 0 ? count(lines, 'line') : `${count(lines, 'line')}, ${count(errors, 'error')}`;
}
