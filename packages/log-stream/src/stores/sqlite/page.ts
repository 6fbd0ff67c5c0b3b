import type { LogEntry, LogFilter, LogPage } from '../../log-store.ts';
import { chunkOf, type Range, restOf } from './chunks.ts';
import type { Connection } from './connection.ts';
import { SqliteCursor } from './cursor.ts';
import type { Entries } from './entries.ts';
import type { Turns } from './turns.ts';
import { textsOf, whereOf } from './where.ts';

/** A store with at most this many logs is counted by its index in one turn. */
const maxCountedLogs = 100_000;
/**
 * A page ends with the log that reaches this many characters of JSON: parsing and sending more would block the event
 * loop.
 */
const maxPageCharacters = 1024 * 1024;

/** Runs a function on one consistent state of the database. */
export type Snapshot = <T>(work: (connection: Connection) => T) => Promise<T>;

/** A `LogQuery` in numbers. */
export interface SeqQuery {
  readonly filter: LogFilter;
  readonly order: 'asc' | 'desc';
  readonly limit: number;
  /** Exclusive. */
  readonly afterSeq?: number;
  /** Inclusive. */
  readonly throughSeq?: number;
  /** Last number of the previous page, exclusive. */
  readonly cursorSeq?: number;
  /** Whether to count all matching logs. @defaultValue true */
  readonly total?: boolean;
  readonly signal?: AbortSignal;
}

/** The logs of a page, up to its bounds. */
class PageLogs {
  readonly logs: LogEntry[] = [];
  /** True once a log did not fit into the page. */
  more = false;
  readonly #limit: number;
  #characters = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Most rows to read next, including one that shows that there are more. */
  get wanted(): number {
    return this.more ? 0 : this.#limit + 1 - this.logs.length;
  }

  /** Returns false if the log does not fit into the page. */
  add({ document }: Record<string, unknown>, entry: () => LogEntry): boolean {
    this.more ||= this.logs.length === this.#limit || this.#characters >= maxPageCharacters;
    if (this.more) return false;
    this.logs.push(entry());
    this.#characters += String(document).length;
    return true;
  }
}

/** Result of one turn. */
interface Slice {
  readonly chunk: Range;
  readonly matching: number;
  /** Logs above this number were not deleted. */
  readonly trimmed: number;
  readonly generation: number;
}

/** Selects a page in several short turns of the event loop, so that streams are not delayed. */
export async function queryPage(snapshot: Snapshot, entries: Entries, turns: Turns, query: SeqQuery): Promise<LogPage> {
  const { filter, order, limit, afterSeq, throughSeq, cursorSeq, total = true, signal } = query;
  signal?.throwIfAborted();
  const bounds = await snapshot((connection) => connection.bounds(filter));
  const lastSeq = Math.min(throughSeq ?? Number.POSITIVE_INFINITY, bounds.lastSeq);
  let range: Range = { low: afterSeq ?? 0, high: lastSeq };
  // Only the total covers what lies before the cursor.
  if (!total) range = beyond(range, query);
  // Logs that were deleted after this position are reported to the client.
  let position = order === 'asc' ? (cursorSeq ?? afterSeq) : afterSeq;
  const page = new PageLogs(limit);
  let matching = 0;
  let trimmed = false;
  while (range.low < range.high && (total || !page.more)) {
    // Also before the first slice: a hundred queries that begin at once must not share one turn.
    await turns.next();
    signal?.throwIfAborted();
    const slice = await snapshot((connection) => sliceOf(connection, entries, query, range, page));
    if (slice.generation !== bounds.generation) throw new Error('The log store was replaced while it was searched');
    trimmed ||= position !== undefined && slice.trimmed > position;
    matching += slice.matching;
    range = restOf(range, slice.chunk, order);
    if (order === 'asc') position = Math.max(position ?? 0, range.low);
  }
  return { logs: page.logs, more: page.more, total: matching, position: new SqliteCursor(bounds, lastSeq), trimmed };
}

/** Examines the next chunk of the range and adds its logs to the page. */
function sliceOf(connection: Connection, entries: Entries, query: SeqQuery, range: Range, page: PageLogs): Slice {
  const { filter, order, total = true } = query;
  const bounds = connection.bounds(filter);
  const isSmall = textsOf(filter).length === 0 && connection.logs() <= maxCountedLogs;
  const chunk = isSmall ? range : chunkOf(connection, filter, range, order);
  const where = whereOf(filter, chunk);
  const matching = total
    ? Number(connection.sql(`SELECT count(*) AS n FROM logs WHERE ${where.sql}`).get(...where.values)?.n)
    : Number.POSITIVE_INFINITY;
  const shown = whereOf(filter, beyond(chunk, query));
  const rows = connection
    .sql(`SELECT ${entries.columns} FROM logs WHERE ${shown.sql} ORDER BY seq ${order} LIMIT ?`)
    // Once all counted rows have been read, SQLite need not search for more.
    .iterate(...shown.values, Math.min(page.wanted, matching));
  for (const row of rows) if (!page.add(row, () => entries.entryOf(connection, bounds, row))) break;
  return { chunk, matching: total ? matching : 0, trimmed: bounds.firstSeq - 1, generation: bounds.generation };
}

/** The part of a range that lies beyond the cursor. */
function beyond({ low, high }: Range, { cursorSeq, order }: SeqQuery): Range {
  if (cursorSeq === undefined) return { low, high };
  return order === 'asc' ? { low: Math.max(low, cursorSeq), high } : { low, high: Math.min(high, cursorSeq - 1) };
}
