import { randomBytes } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import { transaction } from './transaction.ts';

/** The value of `user_version` in a file whose tables are complete. */
const version = 1;

// The index contains `level`, `at`, the length of the searched text (`searched`), the stage and the run, so that
// counting does not read the rows. `log_totals` has one row: the number of rows in `logs` (`logs`), the highest number
// ever deleted, which is never assigned again (`trimmed`), and the number up to which appends have deleted (`cut`).
// `logs_trimmed` has the highest number deleted of each workflow. After an operator's own DELETE, a trigger maintains
// both tables. An append maintains them itself, for all deleted rows at once.
const tables = `
  CREATE TABLE log_store (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE logs (
    seq INTEGER PRIMARY KEY,
    workspace TEXT NOT NULL,
    workflow TEXT NOT NULL,
    level INTEGER NOT NULL,
    at INTEGER NOT NULL,
    haystack TEXT NOT NULL,
    document TEXT NOT NULL,
    searched INTEGER NOT NULL DEFAULT 0,
    stage TEXT NOT NULL DEFAULT '',
    run TEXT NOT NULL DEFAULT ''
  );
  CREATE INDEX logs_scope ON logs (workspace, workflow, seq, level, at, searched, stage, run);
  CREATE TABLE log_totals (
    id INTEGER PRIMARY KEY,
    logs INTEGER NOT NULL,
    trimmed INTEGER NOT NULL,
    cut INTEGER NOT NULL
  );
  INSERT INTO log_totals VALUES (1, 0, 0, 0);
  CREATE TABLE logs_trimmed (
    workspace TEXT NOT NULL,
    workflow TEXT NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (workspace, workflow)
  ) WITHOUT ROWID;
  CREATE TRIGGER logs_deleted AFTER DELETE ON logs
  WHEN OLD.seq > (SELECT cut FROM log_totals WHERE id = 1) BEGIN
    UPDATE log_totals SET logs = logs - 1, trimmed = max(trimmed, OLD.seq) WHERE id = 1;
    INSERT INTO logs_trimmed VALUES (OLD.workspace, OLD.workflow, OLD.seq)
      ON CONFLICT DO UPDATE SET seq = max(seq, excluded.seq);
  END;
`;

/** True if the tables exist. Takes no write lock. */
export function hasSchema(db: DatabaseSync): boolean {
  return db.prepare('PRAGMA user_version').get()?.user_version === version;
}

/**
 * Creates the tables, also when several processes do so at the same time.
 *
 * @returns true if this call created them
 * @throws SQLite's error if the database is locked or read-only
 */
export function createSchema(db: DatabaseSync): boolean {
  // With a write-ahead log, writers never block readers.
  db.exec('PRAGMA journal_mode = WAL');
  return transaction(db, 'IMMEDIATE', () => {
    if (hasSchema(db)) return false;
    if (db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'logs'").get()) {
      throw new Error(
        'The database has a table "logs" of another version of @datashop/log-stream, or of another program',
      );
    }
    db.exec(tables);
    db.prepare('INSERT INTO log_store VALUES (?, ?)').run('epoch', randomBytes(8).toString('hex'));
    db.exec(`PRAGMA user_version = ${version}`);
    return true;
  });
}
