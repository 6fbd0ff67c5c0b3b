import type { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import type { SourceContext, SseEvent } from '@datashop/sse-proxy';
import { gap } from './gap.ts';

/** Rows per query. */
const pageSize = 500;

/** How often a table without new rows is asked, in milliseconds. */
const pollMs = 250;

/**
 * Follows the table `logs` (`id INTEGER PRIMARY KEY AUTOINCREMENT, line TEXT`). The row's id is the cursor.
 *
 * It reads pages by id, not one query with an open cursor: an open cursor is a read transaction, which would keep the
 * database from checkpointing its WAL for as long as a browser reads slowly. Ids must become visible in ascending
 * order, as in SQLite; with a sequence of PostgreSQL, where a lower id may be committed later, read only rows that are
 * older than the longest transaction.
 */
export function logTable(database: DatabaseSync) {
  const select = database.prepare('SELECT id, line FROM logs WHERE id > ? ORDER BY id LIMIT ?');
  return async function* events(
    _req: unknown,
    { lastEventId, signal }: SourceContext,
  ): AsyncGenerator<SseEvent, void, undefined> {
    let last = Number(lastEventId ?? 0);
    if (!Number.isSafeInteger(last) || last < 0) {
      yield gap('unknown-id');
      last = 0;
    }
    while (!signal.aborted) {
      const rows = select.all(last, pageSize) as unknown as { id: number; line: string }[];
      for (const { id, line } of rows) {
        yield { id: String(id), data: line };
        last = id;
      }
      if (rows.length < pageSize) await delay(pollMs, undefined, { signal });
    }
  };
}
