import type { LogFilter } from '../../log-store.ts';
import type { Connection } from './connection.ts';
import { scopeOf, textsOf } from './where.ts';

/** A range of numbers to examine. */
export interface Range {
  /** Exclusive. */
  readonly low: number;
  /** Inclusive. */
  readonly high: number;
}

/** Most rows of a chunk for whose conditions the index is enough, and of one whose text is searched. */
const maxIndexRows = 10_000;
const maxSearchedRows = 1_000;
/**
 * Most comparisons of a chunk in the worst case: characters of text times comparisons for each. SQLite compares the
 * search with the text at each place where the first character is equal.
 */
const maxComparisons = 32 * 1024 * 1024;
const comparisonsPerCharacter = 32;

/**
 * Returns the first part of the range, in the direction of `order`, that SQLite can examine in a short time: its calls
 * block the event loop, and can't be interrupted.
 *
 * @param rows about how many rows the chunk should have
 */
export function chunkOf(
  connection: Connection,
  filter: LogFilter,
  range: Range,
  order: 'asc' | 'desc',
  rows = maxIndexRows,
): Range {
  const scope = scopeOf(filter);
  const inRange = `FROM logs WHERE ${scope.sql} AND seq > ? AND seq <= ? ORDER BY seq ${order} LIMIT`;
  const values = [...scope.values, range.low, range.high];
  const endingAt = (seq: number): Range =>
    order === 'asc' ? { low: range.low, high: seq } : { low: seq - 1, high: range.high };
  const texts = textsOf(filter);
  if (texts.length === 0) {
    const last = connection.sql(`SELECT seq ${inRange} 1 OFFSET ?`).get(...values, Math.min(rows, maxIndexRows) - 1);
    return last ? endingAt(Number(last.seq)) : range;
  }
  const cost = texts.reduce((sum, { length }) => sum + comparisonsPerCharacter + length, 0);
  const maxSearched = maxComparisons / cost;
  const end = order === 'asc' ? 'max(seq)' : 'min(seq)';
  const part = connection.sql(
    `SELECT ${end} AS seq, count(*) AS rows, sum(searched) AS searched FROM (SELECT seq, searched ${inRange} ?)`,
  );
  for (let limit = Math.min(rows, maxSearchedRows); ; limit = Math.ceil(limit / 4)) {
    const size = part.get(...values, limit);
    if (Number(size?.searched) > maxSearched && limit > 1) continue;
    return Number(size?.rows) < limit ? range : endingAt(Number(size?.seq));
  }
}

/** The rest of a range beyond a chunk. */
export function restOf(range: Range, chunk: Range, order: 'asc' | 'desc'): Range {
  return order === 'asc' ? { low: chunk.high, high: range.high } : { low: range.low, high: chunk.low };
}
