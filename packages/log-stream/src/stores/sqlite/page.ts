import type { LogEntry, LogPage, LogQuery } from '../../types.ts';
import type { Connection } from './connection.ts';
import type { Entries } from './entries.ts';
import type { Turns } from './turns.ts';
import { type Condition, contentOf, scopeOf } from './where.ts';

/** Most rows whose index entries are counted in one turn of the event loop. */
const maxCountedRows = 50_000;
/** Milliseconds after which a search leaves the event loop to others. */
const maxScanMs = 8;

/** Runs a function on one consistent state of the database. */
export type Snapshot = <T>(work: (connection: Connection) => T) => Promise<T>;

/** Numbers that are still to be examined. */
interface Range {
  /** Exclusive. */
  low: number;
  /** Inclusive. */
  high: number;
}

/** What one turn has found. */
interface Slice {
  readonly rest: Range;
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
  if (!total && cursorSeq !== undefined) range = beyond(range, cursorSeq, order);
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
    range = slice.rest;
    if (order === 'asc') position = Math.max(position ?? 0, range.low);
  }
  return { logs: logs.slice(0, limit), more: logs.length > limit, total: matching, lastSeq, trimmed };
}

function sliceOf(connection: Connection, entries: Entries, query: LogQuery, range: Range, wanted: number): Slice {
  const { filter, order, cursorSeq, total = true } = query;
  const { firstSeq, generation } = connection.bounds(filter);
  const trimmed = firstSeq - 1;
  if (filter.search) return { ...scan(connection, entries, query, range, wanted), trimmed, generation };
  const part = total ? countable(connection, query, range) : range;
  const where = whereOf(query, part);
  const matching = total
    ? Number(connection.sql(`SELECT count(*) AS n FROM logs WHERE ${where.sql}`).get(...where.values)?.n)
    : 0;
  const shown = whereOf(query, cursorSeq === undefined ? part : beyond(part, cursorSeq, order));
  const rows = connection
    .sql(`SELECT ${entries.columns} FROM logs WHERE ${shown.sql} ORDER BY seq ${order} LIMIT ?`)
    .all(...shown.values, wanted);
  const logs = rows.map((row) => entries.entryOf(connection, row));
  const rest = order === 'asc' ? { low: part.high, high: range.high } : { low: range.low, high: part.low };
  return { rest, matching, logs, trimmed, generation };
}

/** The next part of the range, in the direction of the order, that can be counted in one turn. */
function countable(connection: Connection, { filter, order }: LogQuery, range: Range): Range {
  const scope = scopeOf(filter);
  const row = connection
    .sql(`SELECT seq FROM logs WHERE ${scope.sql} AND seq > ? AND seq <= ? ORDER BY seq ${order} LIMIT 1 OFFSET ?`)
    .get(...scope.values, range.low, range.high, maxCountedRows);
  if (row === undefined) return range;
  return order === 'asc' ? { low: range.low, high: Number(row.seq) - 1 } : { low: Number(row.seq), high: range.high };
}

/** Examines row by row until the time is up: a search reads the text of every row. */
function scan(
  connection: Connection,
  entries: Entries,
  { filter, order, cursorSeq, total = true }: LogQuery,
  range: Range,
  wanted: number,
): Pick<Slice, 'rest' | 'matching' | 'logs'> {
  const scope = scopeOf(filter);
  const content = contentOf(filter);
  const rows = connection
    .sql(
      `SELECT seq, (${content.sql}) AS matches FROM logs WHERE ${scope.sql} AND seq > ? AND seq <= ? ORDER BY seq ${order}`,
    )
    .iterate(...content.values, ...scope.values, range.low, range.high);
  const started = performance.now();
  const logs: LogEntry[] = [];
  let matching = 0;
  for (const row of rows) {
    const seq = Number(row.seq);
    if (row.matches === 1) {
      matching++;
      const isShown = cursorSeq === undefined || (order === 'asc' ? seq > cursorSeq : seq < cursorSeq);
      const shown = isShown && logs.length < wanted ? entries.load(connection, seq) : undefined;
      if (shown) logs.push(entries.entryOf(connection, shown));
    }
    if (performance.now() - started > maxScanMs || (!total && logs.length === wanted)) {
      const rest = order === 'asc' ? { low: seq, high: range.high } : { low: range.low, high: seq - 1 };
      return { rest, matching, logs };
    }
  }
  return { rest: { low: range.high, high: range.high }, matching, logs };
}

function beyond({ low, high }: Range, cursorSeq: number, order: 'asc' | 'desc'): Range {
  return order === 'asc' ? { low: Math.max(low, cursorSeq), high } : { low, high: Math.min(high, cursorSeq - 1) };
}

function whereOf({ filter }: LogQuery, { low, high }: Range): Condition {
  const scope = scopeOf(filter);
  const content = contentOf(filter);
  return {
    sql: `${scope.sql} AND seq > ? AND seq <= ? AND ${content.sql}`,
    values: [...scope.values, low, high, ...content.values],
  };
}
