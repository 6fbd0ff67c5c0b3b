import type { LogBatch, LogEntry, LogFilter } from '../../log-store.ts';
import { chunkOf, type Range, restOf } from './chunks.ts';
import type { Connection } from './connection.ts';
import type { Entries } from './entries.ts';
import { hasContent, whereOf } from './where.ts';

/** One read returns about so much text: what a socket takes at once, so that streams stay together at the newest log. */
const maxReadCharacters = 32 * 1024;
/** Rows that are fetched first; then it is known how large the logs are. */
const firstRows = 4;
/** Rows that a read which filters examines first; it goes on with more as long as few of them match. */
const firstChunkRows = 250;
/** Milliseconds after which a read that filters begins with no further chunk. */
const maxScanMs = 2;

/** Reads the logs after `afterSeq`; call it within a snapshot. */
export function readBatch(
  connection: Connection,
  entries: Entries,
  afterSeq: number,
  filter: LogFilter,
  limit: number,
): LogBatch {
  const bounds = connection.bounds(filter);
  // Without a condition on their content all rows match, so the limit alone bounds the read.
  const isScan = hasContent(filter);
  const started = performance.now();
  const batch = new Batch(connection, entries, filter, limit);
  let rest: Range = { low: afterSeq, high: Math.max(afterSeq, bounds.lastSeq) };
  let chunkRows = firstChunkRows;
  do {
    const chunk = isScan ? chunkOf(connection, filter, rest, 'asc', chunkRows) : rest;
    const end = batch.fill(chunk);
    if (end !== undefined) return { ...bounds, logs: batch.logs, throughSeq: end };
    rest = restOf(rest, chunk, 'asc');
    chunkRows *= 4;
  } while (rest.low < rest.high && performance.now() - started < maxScanMs);
  return { ...bounds, logs: batch.logs, throughSeq: rest.low };
}

/** The logs of one read, up to its bounds. */
class Batch {
  readonly logs: LogEntry[] = [];
  readonly #connection: Connection;
  readonly #entries: Entries;
  readonly #filter: LogFilter;
  readonly #limit: number;
  #characters = 0;

  constructor(connection: Connection, entries: Entries, filter: LogFilter, limit: number) {
    this.#connection = connection;
    this.#entries = entries;
    this.#filter = filter;
    this.#limit = limit;
  }

  /** Adds the matching logs of a range. Returns the number of the last one if the batch is full, else undefined. */
  fill({ low, high }: Range): number | undefined {
    for (let from = low; ; ) {
      const count = this.#nextRows();
      // All at once: SQLite's iterator costs as much again per row.
      const rows = this.#fetch({ low: from, high }, count);
      for (const row of rows) {
        this.logs.push(this.#entries.entryOf(this.#connection, row));
        this.#characters += String(row.document).length;
        from = Number(row.seq);
        if (this.logs.length === this.#limit || this.#characters >= maxReadCharacters) return from;
      }
      if (rows.length < count) return undefined;
    }
  }

  /** How many rows fill the batch if they are as large as those before. */
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
