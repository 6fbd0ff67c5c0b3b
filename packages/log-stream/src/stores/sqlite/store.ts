import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { checkLogDocument } from '../../document.ts';
import { haystackOf } from '../../filter.ts';
import { type Complete, count, delay, type Rules, readOptions } from '../../options.ts';
import type {
  LogBatch,
  LogBounds,
  LogDocument,
  LogFilter,
  LogPage,
  LogQuery,
  LogStore,
  StoredLog,
} from '../../types.ts';
import { levelBit, openDatabase, transaction, whereOf } from './database.ts';
import { Wakeups } from './wakeups.ts';

/** Options of {@link SqliteLogStore}. `undefined` means left out. */
export interface SqliteLogStoreOptions {
  /**
   * The database file, or `:memory:`. Created with mode 0600 if missing; its folder must exist. Several processes may share
   * one file.
   */
  path: string;
  /**
   * Number of logs to keep; each append deletes the oldest ones beyond it. The smallest value counts among processes that
   * share a file.
   * @defaultValue 100_000
   */
  maxLogs?: number | undefined;
  /** Milliseconds between two polls for logs of other processes, while there is a subscription. @defaultValue 100 */
  pollMs?: number | undefined;
}

const rules: Rules<keyof SqliteLogStoreOptions> = {
  path: [undefined, ['a file name or ":memory:"', (value) => typeof value === 'string' && value !== '']],
  maxLogs: [100_000, count],
  pollMs: [100, delay],
};

// SQLite runs on the event loop's thread, so one call scans at most so many rows, and returns about so much text.
const maxScannedRows = 5_000;
const maxReadCharacters = 256 * 1024;

/**
 * A log store in one SQLite file, with Node's built-in `node:sqlite`.
 *
 * SQLite runs one write transaction at a time and numbers are assigned inside it. Across all processes the order of
 * numbers is therefore the order of commits: no log ever appears with a number below one that was read before.
 *
 * @example
 * const store = new SqliteLogStore({ path: 'logs.db' });
 * await store.append([createLogDocument({ message: 'Started', stageName: 'EXTRACT', ...run })]);
 *
 * @throws LogStreamError `ERR_LOG_STREAM_OPTION` for an invalid option; SQLite's error if the file cannot be opened
 */
export class SqliteLogStore implements LogStore {
  readonly #db: DatabaseSync;
  readonly #epoch: string;
  readonly #maxLogs: number;
  readonly #wakeups: Wakeups;
  readonly #statements = new Map<string, StatementSync>();

  constructor(options: SqliteLogStoreOptions) {
    const { path, maxLogs, pollMs } = readOptions<Complete<SqliteLogStoreOptions>>('SqliteLogStore', options, rules);
    this.#maxLogs = maxLogs;
    const { db, epoch } = openDatabase(path);
    this.#db = db;
    this.#epoch = epoch;
    this.#wakeups = new Wakeups(pollMs, () => Number(this.#sql('PRAGMA data_version').get()?.data_version));
  }

  async epoch(): Promise<string> {
    return this.#epoch;
  }

  async bounds(): Promise<LogBounds> {
    return this.#snapshot(() => this.#bounds());
  }

  async append(logs: readonly LogDocument[]): Promise<StoredLog[]> {
    for (const log of logs) checkLogDocument(log);
    if (logs.length === 0) return [];
    const insert = this.#sql(
      'INSERT INTO logs (workspace, workflow, level, at, haystack, document) VALUES (?, ?, ?, ?, ?, ?)',
    );
    const stored = transaction(this.#db, 'IMMEDIATE', () => {
      const stored = logs.map((log) => {
        const { workspaceID, workflowID, timestamp } = log.meta;
        const level = levelBit(log.logLevel);
        const text = JSON.stringify(log);
        const { lastInsertRowid } = insert.run(workspaceID, workflowID, level, timestamp, haystackOf(log), text);
        return { seq: Number(lastInsertRowid), log };
      });
      // By number and not by count: numbers are contiguous, and a count would read the whole index.
      this.#sql('DELETE FROM logs WHERE seq <= ?').run((stored.at(-1)?.seq ?? 0) - this.#maxLogs);
      return stored;
    });
    this.#wakeups.notify();
    return stored;
  }

  async query({ filter, order, limit, afterSeq = 0, throughSeq, cursorSeq, total = true }: LogQuery): Promise<LogPage> {
    const bounds = this.#snapshot(() => this.#bounds());
    const from = Math.max(afterSeq, bounds.firstSeq - 1);
    const lastSeq = Math.min(throughSeq ?? Infinity, bounds.lastSeq);
    const logs: StoredLog[] = [];
    let matching = 0;
    // A search reads the text of every row. The loop yields between steps, so that streams are not delayed.
    const step = filter.search ? maxScannedRows : Math.max(1, lastSeq - from);
    for (let done = 0; from + done < lastSeq; done += step) {
      const low = order === 'asc' ? from + done : Math.max(from, lastSeq - done - step);
      const high = order === 'asc' ? Math.min(lastSeq, low + step) : lastSeq - done;
      if (total) {
        const where = whereOf(filter, low, high);
        matching += Number(this.#sql(`SELECT count(*) AS n FROM logs WHERE ${where.sql}`).get(...where.values)?.n);
      }
      if (logs.length <= limit) {
        const after = order === 'asc' ? Math.max(low, cursorSeq ?? 0) : low;
        const through = order === 'asc' ? high : Math.min(high, (cursorSeq ?? Infinity) - 1);
        const where = whereOf(filter, after, through);
        const sql = `SELECT seq, document FROM logs WHERE ${where.sql} ORDER BY seq ${order === 'asc' ? 'ASC' : 'DESC'} LIMIT ?`;
        for (const row of this.#sql(sql).all(...where.values, limit + 1 - logs.length)) logs.push(storedLog(row));
      }
      if (!total && logs.length > limit) break;
      if (from + done + step < lastSeq) await nextTurn();
    }
    return { logs: logs.slice(0, limit), more: logs.length > limit, total: matching, lastSeq };
  }

  async read(afterSeq: number, filter: LogFilter, limit: number): Promise<LogBatch> {
    return this.#snapshot(() => {
      const { firstSeq, lastSeq } = this.#bounds();
      const from = Math.max(afterSeq, firstSeq - 1);
      const through = Math.min(lastSeq, from + maxScannedRows);
      const where = whereOf(filter, from, through);
      const rows = this.#sql(`SELECT seq, document FROM logs WHERE ${where.sql} ORDER BY seq LIMIT ?`);
      const logs: StoredLog[] = [];
      let characters = 0;
      for (const row of rows.iterate(...where.values, limit)) {
        logs.push(storedLog(row));
        characters += String(row.document).length;
        if (logs.length === limit || characters >= maxReadCharacters) {
          return { logs, firstSeq, lastSeq, throughSeq: Number(row.seq) };
        }
      }
      return { logs, firstSeq, lastSeq, throughSeq: through };
    });
  }

  subscribe(listener: () => void): () => void {
    return this.#wakeups.subscribe(listener);
  }

  async close(): Promise<void> {
    this.#wakeups.close();
    this.#statements.clear();
    if (this.#db.isOpen) this.#db.close();
  }

  #bounds(): LogBounds {
    const row = this.#sql(
      `SELECT (SELECT min(seq) FROM logs) AS first, (SELECT seq FROM sqlite_sequence WHERE name = 'logs') AS last`,
    ).get();
    const lastSeq = Number(row?.last ?? 0);
    return { firstSeq: Number(row?.first ?? lastSeq + 1), lastSeq };
  }

  #snapshot<T>(work: () => T): T {
    return transaction(this.#db, 'DEFERRED', work);
  }

  #sql(text: string): StatementSync {
    let statement = this.#statements.get(text);
    if (statement === undefined) {
      statement = this.#db.prepare(text);
      this.#statements.set(text, statement);
    }
    return statement;
  }
}

function storedLog(row: Record<string, unknown>): StoredLog {
  return { seq: Number(row.seq), log: JSON.parse(String(row.document)) as LogDocument };
}
