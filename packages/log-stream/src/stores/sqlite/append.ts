import { haystackOf } from '../../filter.ts';
import type { LogDocument } from '../../types.ts';
import type { Connection } from './connection.ts';
import { transaction } from './transaction.ts';
import { levelBit } from './where.ts';

/** A checked log with the values of its row. */
export interface Row {
  readonly log: LogDocument;
  readonly values: readonly [
    workspace: string,
    workflow: string,
    level: number,
    at: number,
    haystack: string,
    document: string,
  ];
}

/** Numbers per millisecond of the clock in {@link firstNumber}. */
const numbersPerMs = 1_024;

export function rowOf(log: LogDocument, document: string): Row {
  const { workspaceID, workflowID, timestamp } = log.meta;
  return { log, values: [workspaceID, workflowID, levelBit(log.logLevel), timestamp, haystackOf(log), document] };
}

/**
 * Stores all rows in one transaction, on the disk when it returns, and deletes the oldest logs beyond `maxLogs`.
 *
 * @returns the numbers of the rows
 */
export function append(connection: Connection, rows: readonly Row[], maxLogs: number): number[] {
  const insert = connection.sql(
    'INSERT INTO logs (seq, workspace, workflow, level, at, haystack, document) VALUES (?, ?, ?, ?, ?, ?, ?)',
  );
  let last: Connection['lastAppend'];
  const numbers = transaction(connection.db, 'IMMEDIATE', () => {
    const dataVersion = connection.dataVersion();
    const first = firstNumber(connection, dataVersion);
    const numbers = rows.map(({ values }, index) => {
      insert.run(first + index, ...values);
      return first + index;
    });
    const totals = connection.sql('UPDATE log_totals SET logs = logs + ? WHERE id = 1 RETURNING logs').get(rows.length);
    const excess = Number(totals?.logs) - maxLogs;
    if (excess > 0) {
      connection
        .sql('DELETE FROM logs WHERE seq <= (SELECT seq FROM logs ORDER BY seq LIMIT 1 OFFSET ?)')
        .run(excess - 1);
    }
    last = { seq: first + rows.length - 1, dataVersion };
    return numbers;
  });
  connection.lastAppend = last;
  return numbers;
}

/**
 * Numbers go on by one while this connection alone writes. After a write of another one they jump to a number that is made
 * of the time: the other write may have been the restoring of a backup, whose last number is lower than some that were
 * assigned since it was made. No number is ever assigned twice, unless the clock was set back behind the backup.
 */
function firstNumber(connection: Connection, dataVersion: number): number {
  const { lastSeq: last } = connection.bounds();
  const { lastAppend } = connection;
  const isAlone = lastAppend?.seq === last && lastAppend.dataVersion === dataVersion;
  return isAlone ? last + 1 : Math.max(last + 1, Date.now() * numbersPerMs);
}
