import type { LogBatch, LogEntry, LogFilter } from '../../log-store.ts';
import { chunkOf, type Range, restOf } from './chunks.ts';
import type { Connection } from './connection.ts';
import type { Entries } from './entries.ts';
import { hasContent, whereOf } from './where.ts';

/** One read returns about so much text: what a socket takes at once, so that streams stay together at the newest log. */
const maxReadCharacters = 32 * 1024;
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
  const logs: LogEntry[] = [];
  let characters = 0;
  let rest: Range = { low: afterSeq, high: Math.max(afterSeq, bounds.lastSeq) };
  let chunkRows = firstChunkRows;
  do {
    const chunk = isScan ? chunkOf(connection, filter, rest, 'asc', chunkRows) : rest;
    const where = whereOf(filter, chunk);
    const rows = connection
      .sql(`SELECT ${entries.columns} FROM logs WHERE ${where.sql} ORDER BY seq LIMIT ?`)
      .iterate(...where.values, limit - logs.length);
    for (const row of rows) {
      logs.push(entries.entryOf(connection, row));
      characters += String(row.document).length;
      if (logs.length === limit || characters >= maxReadCharacters) {
        return { ...bounds, logs, throughSeq: Number(row.seq) };
      }
    }
    rest = restOf(rest, chunk, 'asc');
    chunkRows *= 4;
  } while (rest.low < rest.high && performance.now() - started < maxScanMs);
  return { ...bounds, logs, throughSeq: rest.low };
}
