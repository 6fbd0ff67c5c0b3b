import type { LogBatch, LogEntry, LogFilter } from '../../log-store.ts';
import { chunkOf, type Range, restOf } from './chunks.ts';
import type { Bounds, Connection } from './connection.ts';
import { SqliteCursor } from './cursor.ts';
import type { Entries } from './entries.ts';
import { hasContent, whereOf } from './where.ts';

/**
 * A read ends with the log that reaches this many characters: about what a socket accepts at once, so that streams stay
 * together at the newest log.
 */
const maxReadCharacters = 32 * 1024;
/** Rows that are fetched first, to estimate the size of the others. */
const firstRows = 4;
/** Rows that a filtering read examines first. As long as few of them match, it continues with larger chunks. */
const firstChunkRows = 250;
/** Milliseconds after which a filtering read begins no further chunk. */
const maxScanMs = 2;

/** Reads the logs after a cursor. Call it within a snapshot. */
export function readBatch(
  connection: Connection,
  entries: Entries,
  cursor: SqliteCursor,
  filter: LogFilter,
  limit: number,
): LogBatch {
  const bounds = connection.bounds(filter);
  const { firstSeq, lastSeq } = bounds;
  const { low, isKnown } = placeOf(connection, cursor, bounds);
  const batch = new Batch(connection, entries, bounds, filter, limit);
  const through = fillBatch(connection, batch, { low, high: Math.max(low, lastSeq) }, filter);
  const gap = isKnown ? (firstSeq > low + 1 ? 'trimmed' : undefined) : 'unknown-id';
  return {
    logs: batch.logs,
    cursor: new SqliteCursor(bounds, through),
    more: through < lastSeq,
    ...(gap && { gap }),
  };
}

/** A place in the database as it is now. */
export interface Place {
  /** A reader here has read the logs up to this number. */
  readonly low: number;
  /** False if logs may be missing before the next one. */
  readonly isKnown: boolean;
}

/**
 * The place where a reader continues. Call it within a snapshot. If the epoch is the same but the cursor's log is
 * missing, the log was lost when a backup was restored. Since no number is assigned twice, the reader has the logs up
 * to that number, but not those that were lost before it could read them. In a database of another epoch, the cursor's
 * number is of no use.
 */
export function placeOf(connection: Connection, cursor: SqliteCursor, bounds: Bounds): Place {
  const { epoch, firstSeq, lastSeq } = bounds;
  if (cursor.epoch !== epoch) return { low: firstSeq - 1, isKnown: false };
  if (cursor.isOf(bounds) || connection.contains(cursor.seq)) return { low: cursor.seq, isKnown: true };
  // Not after the newest log: if the clock was set back, the next logs have lower numbers than those that were lost.
  return { low: Math.min(cursor.seq, lastSeq), isKnown: false };
}

/** Fills a batch from a range. Returns the number up to which every log was examined. */
function fillBatch(connection: Connection, batch: Batch, range: Range, filter: LogFilter): number {
  // Without a condition on their content all rows match, so the limit alone bounds the read.
  const isScan = hasContent(filter);
  const started = performance.now();
  let rest = range;
  let chunkRows = firstChunkRows;
  do {
    const chunk = isScan ? chunkOf(connection, filter, rest, 'asc', chunkRows) : rest;
    const end = batch.fill(chunk);
    if (end !== undefined) return end;
    rest = restOf(rest, chunk, 'asc');
    chunkRows *= 4;
  } while (rest.low < rest.high && performance.now() - started < maxScanMs);
  return rest.low;
}

/** The logs of one read, up to its bounds. */
class Batch {
  readonly logs: LogEntry[] = [];
  readonly #connection: Connection;
  readonly #entries: Entries;
  readonly #bounds: Bounds;
  readonly #filter: LogFilter;
  readonly #limit: number;
  #characters = 0;

  constructor(connection: Connection, entries: Entries, bounds: Bounds, filter: LogFilter, limit: number) {
    this.#connection = connection;
    this.#entries = entries;
    this.#bounds = bounds;
    this.#filter = filter;
    this.#limit = limit;
  }

  /** Adds the matching logs of a range. Returns the number of the last one if the batch is full, else undefined. */
  fill({ low, high }: Range): number | undefined {
    for (let from = low; ; ) {
      const count = this.#nextRows();
      // `all` and not `iterate`, which costs more for each row.
      const rows = this.#fetch({ low: from, high }, count);
      for (const row of rows) {
        this.logs.push(this.#entries.entryOf(this.#connection, this.#bounds, row));
        this.#characters += String(row.document).length;
        from = Number(row.seq);
        if (this.logs.length === this.#limit || this.#characters >= maxReadCharacters) return from;
      }
      if (rows.length < count) return undefined;
    }
  }

  /** The number of rows that fill the batch if they are as large as the previous ones. */
  #nextRows(): number {
    const { length } = this.logs;
    const expected = length === 0 ? firstRows : Math.ceil((maxReadCharacters * length) / this.#characters) - length;
    return Math.min(Math.max(1, expected), this.#limit - length);
  }

  #fetch(range: Range, count: number) {
    const where = whereOf(this.#filter, range);
    const sql = `SELECT ${this.#entries.columns} FROM logs WHERE ${where.sql} ORDER BY seq LIMIT ?`;
    return this.#connection.sql(sql).all(...where.values, count);
  }
}
