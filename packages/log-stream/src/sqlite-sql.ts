import { randomBytes } from 'node:crypto';
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { LOG_LEVELS } from './document.ts';
import { foldCase } from './filter.ts';
import type { LogFilter, LogLevel } from './types.ts';

/** How long a write waits for another process' write before it fails. */
const BUSY_MS = 5_000;

// AUTOINCREMENT, since a plain rowid gives the number of a deleted newest row out again, and a reader that holds that
// number would never see the new log. The index has level and at so that counting does not touch the rows.
const SCHEMA = `
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
 * Opens a database and makes it a log store if it isn't one, whoever else does so at the same moment.
 *
 * `synchronous` stays FULL: a power cut that took back the last logs would give their numbers to others, and a reader
 * that had seen the first ones would skip the second.
 */
export function openDatabase(path: string): { db: DatabaseSync; epoch: string } {
  const db = new DatabaseSync(path);
  try {
    db.exec(`PRAGMA busy_timeout = ${BUSY_MS}`);
    useWal(db);
    const epoch = transaction(db, 'IMMEDIATE', () => {
      db.exec(SCHEMA);
      db.prepare('INSERT OR IGNORE INTO log_store VALUES (?, ?)').run('epoch', randomBytes(8).toString('hex'));
      return String(db.prepare('SELECT value FROM log_store WHERE name = ?').get('epoch')?.value);
    });
    return { db, epoch };
  } catch (error) {
    db.close();
    throw error;
  }
}

// Readers then never wait for writers. SQLite answers "locked" without waiting when two processes switch a new file at
// once, whatever busy_timeout says: the loser tries again, and finds it switched.
function useWal(db: DatabaseSync): void {
  const deadline = performance.now() + BUSY_MS;
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

/** Runs `work` in one transaction: all of it or nothing. A deferred one that only reads sees one moment. */
export function transaction<T>(db: DatabaseSync, kind: 'DEFERRED' | 'IMMEDIATE', work: () => T): T {
  db.exec(`BEGIN ${kind}`);
  try {
    const result = work();
    db.exec('COMMIT');
    return result;
  } catch (error) {
    // A full disk has SQLite roll back by itself; a second ROLLBACK would hide the cause.
    if (db.isTransaction) db.exec('ROLLBACK');
    throw error;
  }
}

/** A level as one bit, so that any set of levels is one bound number. */
export function levelBit(level: LogLevel): number {
  return 1 << LOG_LEVELS.indexOf(level);
}

/** A condition and its values. The text depends on which fields are set only, so there are few to prepare. */
export interface Where {
  readonly sql: string;
  readonly values: readonly SQLInputValue[];
}

/**
 * The condition for logs in (`afterSeq`, `throughSeq`] that `filter` lets through. Means the same as `matcherOf`: text
 * is compared by `instr` over text folded in JavaScript, since LIKE knows wildcards, and no case outside ASCII.
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
