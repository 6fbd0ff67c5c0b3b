import { randomBytes } from 'node:crypto';
import { closeSync, openSync } from 'node:fs';
import { resolve } from 'node:path';
import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import { logLevels } from '../../document.ts';
import { foldCase } from '../../filter.ts';
import type { LogFilter, LogLevel } from '../../types.ts';

/** Milliseconds that a write waits for the write of another process before it fails. */
const busyTimeoutMs = 5_000;

// AUTOINCREMENT: a plain rowid would assign the number of a deleted newest row again, and a subscriber with that number
// would never receive the new log. The index contains `level` and `at`, so that counting does not read the rows.
const schema = `
  CREATE TABLE IF NOT EXISTS log_store (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS logs (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    workspace TEXT NOT NULL,
    workflow TEXT NOT NULL,
    level INTEGER NOT NULL,
    at INTEGER NOT NULL,
    haystack TEXT NOT NULL,
    document TEXT NOT NULL
  );
  CREATE INDEX IF NOT EXISTS logs_scope ON logs (workspace, workflow, seq, level, at);
`;

/**
 * Opens a database and creates the tables if they are missing, also when several processes do so at the same time.
 *
 * `synchronous` stays FULL: if a power cut took the last logs back, their numbers would be assigned to others, and a
 * subscriber that has received the first ones would skip the second.
 *
 * @throws SQLite's or the file system's error if the file cannot be opened
 */
export function openDatabase(path: string): { db: DatabaseSync; epoch: string } {
  // Not a static import: on a Node.js without this module, the version check must run first.
  const { DatabaseSync } = process.getBuiltinModule('node:sqlite');
  const db = new DatabaseSync(path === ':memory:' ? path : privateFile(path));
  try {
    db.exec(`PRAGMA busy_timeout = ${busyTimeoutMs}`);
    useWal(db);
    const epoch = transaction(db, 'IMMEDIATE', () => {
      db.exec(schema);
      db.prepare('INSERT OR IGNORE INTO log_store VALUES (?, ?)').run('epoch', randomBytes(8).toString('hex'));
      return String(db.prepare('SELECT value FROM log_store WHERE name = ?').get('epoch')?.value);
    });
    return { db, epoch };
  } catch (error) {
    db.close();
    throw error;
  }
}

/**
 * Creates the file with mode 0600 if it is missing, because SQLite would create it readable for every user. SQLite gives
 * its `-wal` and `-shm` files the same mode. The mode of an existing file is the operator's and stays.
 *
 * @returns the absolute path, which SQLite never takes for a `file:` URI
 */
function privateFile(path: string): string {
  const file = resolve(path);
  try {
    closeSync(openSync(file, 'wx', 0o600));
  } catch (error) {
    // For a missing folder or right, SQLite reports its own error.
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
  }
  return file;
}

// With a write-ahead log, readers never wait for writers. When two processes switch a new file at the same time, SQLite
// fails with "locked" regardless of busy_timeout, so the loser retries.
function useWal(db: DatabaseSync): void {
  const deadline = performance.now() + busyTimeoutMs;
  const pause = new Int32Array(new SharedArrayBuffer(4));
  for (;;) {
    try {
      db.exec('PRAGMA journal_mode = WAL');
      return;
    } catch (error) {
      if (performance.now() > deadline) throw error;
      Atomics.wait(pause, 0, 0, 10);
    }
  }
}

/** Runs `work` in one transaction. A deferred transaction that only reads sees a consistent snapshot. */
export function transaction<T>(db: DatabaseSync, kind: 'DEFERRED' | 'IMMEDIATE', work: () => T): T {
  db.exec(`BEGIN ${kind}`);
  try {
    const result = work();
    db.exec('COMMIT');
    return result;
  } catch (error) {
    // SQLite rolls back by itself when the disk is full; a second ROLLBACK would hide the cause.
    if (db.isTransaction) db.exec('ROLLBACK');
    throw error;
  }
}

/** Encodes a level as one bit, so that a set of levels is one bound number. */
export function levelBit(level: LogLevel): number {
  return 1 << logLevels.indexOf(level);
}

/** A condition and its values. The text depends only on which filters are set, so few statements are prepared. */
export interface Where {
  readonly sql: string;
  readonly values: readonly SQLInputValue[];
}

/**
 * Returns the condition for logs in (`afterSeq`, `throughSeq`] that match `filter`, equivalent to `matcherOf`. `instr`
 * searches text that JavaScript has folded, because LIKE has wildcards and ignores case for ASCII only.
 */
export function whereOf(filter: LogFilter, afterSeq: number, throughSeq: number): Where {
  const terms: string[] = [];
  const values: SQLInputValue[] = [];
  const add = (term: string, value: SQLInputValue | undefined) => {
    if (value === undefined) return;
    terms.push(term);
    values.push(value);
  };
  add('workspace = ?', filter.workspaceID);
  add('workflow = ?', filter.workflowID);
  add('seq > ?', afterSeq);
  add('seq <= ?', throughSeq);
  add(
    '(level & ?) != 0',
    filter.levels?.reduce((bits, level) => bits | levelBit(level), 0),
  );
  add('at >= ?', filter.fromMs);
  add('at < ?', filter.toMs);
  add('instr(haystack, ?) > 0', filter.search ? foldCase(filter.search) : undefined);
  return { sql: terms.join(' AND '), values };
}
