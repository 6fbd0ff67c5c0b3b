import type { LogEntry, LogPage, LogQuery } from '../../types.ts';
import { chunkOf, type Range, restOf } from './chunks.ts';
import type { Connection } from './connection.ts';
import type { Entries } from './entries.ts';
import type { Turns } from './turns.ts';
import { whereOf } from './where.ts';

/** A store with no more logs is counted by its index in one turn. */
const maxCountedLogs = 100_000;

/** Runs a function on one consistent state of the database. */
export type Snapshot = <T>(work: (connection: Connection) => T) => Promise<T>;

/** What one turn has found. */
interface Slice {
  readonly chunk: Range;
  readonly matching: number;
  readonly logs: readonly LogEntry[];
  /** Logs above this number were not deleted. */
  readonly trimmed: number;
  readonly generation: number;
}

/** Selects a page in several short turns of the event loop, so that streams are not delayed. */
export async function queryPage(snapshot: Snapshot, entries: Entries, turns: Turns, query: LogQuery): Promise<LogPage> {
  const { filter, order, limit, afterSeq, throughSeq, cursorSeq, total = true, signal } = query;
  signal?.throwIfAborted();
  const bounds = await snapshot((connection) => connection.bounds(filter));
  const lastSeq = Math.min(throughSeq ?? Number.POSITIVE_INFINITY, bounds.lastSeq);
  let range: Range = { low: afterSeq ?? 0, high: lastSeq };
  // Only the total covers what lies before the cursor.
  if (!total) range = beyond(range, query);
  // The position from which on the client must be told of deleted logs.
  let position = order === 'asc' ? (cursorSeq ?? afterSeq) : afterSeq;
  const logs: LogEntry[] = [];
  let matching = 0;
  let trimmed = false;
  for (let isFirst = true; range.low < range.high && (total || logs.length <= limit); isFirst = false) {
    if (!isFirst) await turns.next();
    signal?.throwIfAborted();
    const wanted = Math.max(0, limit + 1 - logs.length);
    const slice = await snapshot((connection) => sliceOf(connection, entries, query, range, wanted));
    if (slice.generation !== bounds.generation) throw new Error('The log store was replaced while it was searched');
    trimmed ||= position !== undefined && slice.trimmed > position;
    matching += slice.matching;
    logs.push(...slice.logs);
    range = restOf(range, slice.chunk, order);
    if (order === 'asc') position = Math.max(position ?? 0, range.low);
  }
  return { logs: logs.slice(0, limit), more: logs.length > limit, total: matching, lastSeq, trimmed };
}

function sliceOf(connection: Connection, entries: Entries, query: LogQuery, range: Range, wanted: number): Slice {
  const { filter, order, total = true } = query;
  const { firstSeq, generation } = connection.bounds(filter);
  const isSmall = !filter.search && connection.logs() <= maxCountedLogs;
  const chunk = isSmall ? range : chunkOf(connection, filter, range, order);
  const where = whereOf(filter, chunk);
  const matching = total
    ? Number(connection.sql(`SELECT count(*) AS n FROM logs WHERE ${where.sql}`).get(...where.values)?.n)
    : wanted;
  const shown = whereOf(filter, beyond(chunk, query));
  const rows = connection
    .sql(`SELECT ${entries.columns} FROM logs WHERE ${shown.sql} ORDER BY seq ${order} LIMIT ?`)
    // What was counted is not searched for again.
    .all(...shown.values, Math.min(wanted, matching));
  return {
    chunk,
    matching: total ? matching : 0,
    logs: rows.map((row) => entries.entryOf(connection, row)),
    trimmed: firstSeq - 1,
    generation,
  };
}

/** The part of a range that lies beyond the cursor. */
function beyond({ low, high }: Range, { cursorSeq, order }: LogQuery): Range {
  if (cursorSeq === undefined) return { low, high };
  return order === 'asc' ? { low: Math.max(low, cursorSeq), high } : { low, high: Math.min(high, cursorSeq - 1) };
}
