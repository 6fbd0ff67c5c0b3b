import type { LogBatch, LogEntry, LogFilter } from '../../types.ts';
import type { Connection } from './connection.ts';
import type { Entries } from './entries.ts';
import { contentOf, scopeOf } from './where.ts';

/** One read returns about so much text: what a socket takes at once, so that streams stay together at the newest log. */
const maxReadCharacters = 32 * 1024;
/** SQLite runs on the event loop's thread, so a read that filters ends after so many milliseconds. */
const maxScanMs = 4;

/** Reads the logs after `afterSeq`; call it within a snapshot. */
export function readBatch(
  connection: Connection,
  entries: Entries,
  afterSeq: number,
  filter: LogFilter,
  limit: number,
): LogBatch {
  const bounds = connection.bounds(filter);
  const scope = scopeOf(filter);
  const content = contentOf(filter);
  // Without a condition on their content all rows match. Otherwise SQLite returns those that don't match too, so that the
  // loop can end after any row; the documents of the others are then read one by one.
  const isScan = content.values.length > 0;
  const columns = isScan ? `seq, (${content.sql}) AS matches` : entries.columns;
  const found = connection
    .sql(`SELECT ${columns} FROM logs WHERE ${scope.sql} AND seq > ? ORDER BY seq LIMIT ?`)
    .iterate(...content.values, ...scope.values, afterSeq, isScan ? -1 : limit);
  const started = performance.now();
  const logs: LogEntry[] = [];
  let characters = 0;
  for (const row of found) {
    const matching = isScan ? row.matches === 1 && entries.load(connection, Number(row.seq)) : row;
    if (matching) {
      logs.push(entries.entryOf(connection, matching));
      characters += String(matching.document).length;
    }
    const isFull = logs.length === limit || characters >= maxReadCharacters;
    if (isFull || (isScan && performance.now() - started > maxScanMs)) {
      return { ...bounds, logs, throughSeq: Number(row.seq) };
    }
  }
  return { ...bounds, logs, throughSeq: Math.max(afterSeq, bounds.lastSeq) };
}
