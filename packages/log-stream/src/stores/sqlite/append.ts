import { haystackOf } from '../../filter.ts';
import type { LogDocument } from '../../log-store.ts';
import type { Connection, LastAppend } from './connection.ts';
import { transaction } from './transaction.ts';
import { levelBit } from './where.ts';

/** The values of a log's row. */
export type Row = readonly [
  workspace: string,
  workflow: string,
  level: number,
  at: number,
  haystack: string,
  document: string,
  searched: number,
  stage: string,
  run: string,
];

/** Numbers per millisecond of the clock, for {@link beforeAppend}. */
const numbersPerMs = 1_024;
const maxSlack = 1_000;

export function rowOf(log: LogDocument, document: string): Row {
  const { logLevel, stageName, meta } = log;
  const { workspaceID, workflowID, timestamp, execID } = meta;
  const haystack = haystackOf(log);
  const { length } = haystack;
  return [workspaceID, workflowID, levelBit(logLevel), timestamp, haystack, document, length, stageName, execID];
}

/**
 * Stores all rows in one transaction, and deletes the oldest logs beyond about `maxLogs`. The rows are on the disk when
 * it returns. They get consecutive numbers.
 *
 * @returns the number of the first row
 */
export function append(connection: Connection, rows: readonly Row[], maxLogs: number): number {
  const insert = connection.sql(
    `INSERT INTO logs (seq, workspace, workflow, level, at, haystack, document, searched, stage, run)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const after = transaction(connection.db, 'IMMEDIATE', (): LastAppend => {
    const before = beforeAppend(connection);
    let { seq } = before;
    for (const row of rows) insert.run(++seq, ...row);
    const logs = before.logs + rows.length;
    const excess = logs > maxLogs + slackOf(maxLogs) ? logs - maxLogs : 0;
    if (excess > 0) trim(connection, excess);
    connection.sql('UPDATE log_totals SET logs = ? WHERE id = 1').run(logs - excess);
    return { ...before, seq, logs: logs - excess };
  });
  connection.lastAppend = after;
  return after.seq - rows.length + 1;
}

/** Logs that are kept beyond `maxLogs`, so that not every append has to delete some. */
function slackOf(maxLogs: number): number {
  return Math.min(maxSlack, Math.floor(maxLogs / 100));
}

/** Deletes the oldest logs. The caller updates their total. */
function trim(connection: Connection, count: number): void {
  const cut = connection.sql('SELECT seq FROM logs ORDER BY seq LIMIT 1 OFFSET ?').get(count - 1)?.seq ?? 0;
  // NOT INDEXED, so that SQLite reads only the deleted rows, by their numbers, instead of the index of all rows, which
  // would save a sort.
  connection
    .sql(
      `INSERT INTO logs_trimmed SELECT workspace, workflow, max(seq) FROM logs NOT INDEXED WHERE seq <= ?
         GROUP BY workspace, workflow ON CONFLICT DO UPDATE SET seq = max(seq, excluded.seq)`,
    )
    .run(cut);
  connection.sql('UPDATE log_totals SET trimmed = max(trimmed, ?), cut = ? WHERE id = 1').run(cut, cut);
  connection.sql('DELETE FROM logs WHERE seq <= ?').run(cut);
}

/**
 * The state that an append continues. While only this connection writes, each number is one higher than the last. After
 * a write of another connection, numbers jump to one that is derived from the time: that write may have restored a
 * backup, whose last number is lower than some that were assigned after the backup was made. No number is ever assigned
 * twice, unless the clock was set back to before the backup.
 */
function beforeAppend(connection: Connection): LastAppend {
  const dataVersion = connection.dataVersion();
  if (connection.lastAppend?.dataVersion === dataVersion) return connection.lastAppend;
  const { lastSeq } = connection.bounds();
  return { seq: Math.max(lastSeq, Date.now() * numbersPerMs), logs: connection.logs(), dataVersion };
}
