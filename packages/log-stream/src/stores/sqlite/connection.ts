import { existsSync } from 'node:fs';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import type { LogFilter } from '../../log-store.ts';
import type { Numbering } from './cursor.ts';
import { checkModes, createPrivately, deleteLeftovers, identityOf, walOf } from './file.ts';
import { createSchema, hasSchema } from './schema.ts';
import { isWriteProtected } from './sqlite-error.ts';
import { transaction } from './transaction.ts';
import { maxWalBytes } from './wal-size.ts';
import { scopeOf } from './where.ts';

/** The state of the store after an append. */
export interface LastAppend {
  /** The newest number. */
  readonly seq: number;
  /** Number of logs. */
  readonly logs: number;
  /** SQLite's `data_version` at that time: another value means that another connection has written since. */
  readonly dataVersion: number;
}

/** The numbers of one workflow, or of all logs, at one moment. */
export interface Bounds extends Numbering {
  /** No log of the filter's workflow with this or a higher number was deleted. 1 if none was deleted at all. */
  readonly firstSeq: number;
  /** The newest number ever assigned, in all workflows; 0 if none was. */
  readonly lastSeq: number;
}

/** An open database with its prepared statements. */
export class Connection {
  readonly db: DatabaseSync;
  /** Undefined before the first append, unless this connection has created the tables. */
  lastAppend: LastAppend | undefined;
  readonly #file: string | undefined;
  readonly #identity: string | undefined;
  readonly #immutable: boolean;
  readonly #wal: string | undefined;
  readonly #statements = new Map<string, StatementSync>();
  #generation: number;
  #seen: { readonly epoch: string; readonly seq: number } | undefined;

  /**
   * @param file absolute path; undefined: in memory
   * @param immutable read without a lock and without files beside the database. Correct only while no process writes,
   * which {@link isCurrent} checks
   * @throws SQLite's error; it leaves nothing open
   */
  constructor(file: string | undefined, generation: number, immutable = false) {
    // Not a static import: on a Node.js without this module, the version check must run first.
    const { DatabaseSync } = process.getBuiltinModule('node:sqlite');
    this.#file = file;
    this.#generation = generation;
    this.#immutable = immutable;
    // Before the file is opened: if it is replaced meanwhile, isCurrent() notices.
    this.#identity = file === undefined ? undefined : identityOf(file, immutable);
    this.db = new DatabaseSync(file === undefined ? ':memory:' : immutable ? immutableUrl(file) : file);
    try {
      if (!hasSchema(this.db) && createSchema(this.db))
        this.lastAppend = { seq: 0, logs: 0, dataVersion: this.dataVersion() };
      this.db.exec(`PRAGMA journal_size_limit = ${maxWalBytes}`);
      this.#wal = file === undefined ? undefined : identityOf(walOf(file), false);
    } catch (error) {
      this.db.close();
      throw error;
    }
  }

  /** False if the path leads to another file by now, or to none, or if an immutable file was written. */
  isCurrent(): boolean {
    if (this.#file === undefined) return true;
    if (this.#immutable && existsSync(walOf(this.#file))) return false;
    return this.#identity === identityOf(this.#file, this.#immutable);
  }

  /** True if the write-ahead log was deleted or replaced: other processes may use another one for the same database. */
  hasLostWal(): boolean {
    return this.#file !== undefined && this.#wal !== undefined && identityOf(walOf(this.#file), false) !== this.#wal;
  }

  /** True if the result of a read must be discarded unless {@link isCurrent} afterwards. */
  get isImmutable(): boolean {
    return this.#immutable;
  }

  get generation(): number {
    return this.#generation;
  }

  /** Returns a prepared statement; one object per text. */
  sql(text: string): StatementSync {
    let statement = this.#statements.get(text);
    if (statement === undefined) {
      statement = this.db.prepare(text);
      this.#statements.set(text, statement);
    }
    return statement;
  }

  /** A number that changes when another connection has written. */
  dataVersion(): number {
    return Number(this.sql('PRAGMA data_version').get()?.data_version);
  }

  /** Runs `work` on one consistent state of the database. */
  snapshot<T>(work: (connection: Connection) => T): T {
    return transaction(this.db, 'DEFERRED', () => work(this));
  }

  /** Call it within a snapshot. Starts another generation if a backup was restored into the open file. */
  bounds(filter: LogFilter = {}): Bounds {
    const row = this.sql(
      `SELECT trimmed, (SELECT value FROM log_store WHERE name = 'epoch') AS epoch,
         (SELECT max(seq) FROM logs) AS last FROM log_totals`,
    ).get();
    if (typeof row?.epoch !== 'string') throw new Error('The database has no epoch in its table log_store');
    const { epoch } = row;
    const trimmed = Number(row.trimmed);
    const lastSeq = Math.max(Number(row.last ?? 0), trimmed);
    const seen = this.#seen;
    if (seen?.epoch !== epoch || seen.seq !== lastSeq) {
      if (seen && (seen.epoch !== epoch || seen.seq > lastSeq || !this.contains(seen.seq))) this.#generation++;
      this.#seen = { epoch, seq: lastSeq };
    }
    return { firstSeq: this.#trimmed(filter, trimmed) + 1, lastSeq, epoch, generation: this.#generation };
  }

  /** The numbering of the last append. Reads the database only if {@link bounds} has not been called before. */
  numbering(): Numbering {
    const { epoch } = this.#seen ?? this.snapshot((it) => it.bounds());
    return { epoch, generation: this.#generation };
  }

  /** Number of stored logs. */
  logs(): number {
    return Number(this.sql('SELECT logs FROM log_totals').get()?.logs);
  }

  /** True if `seq` is 0, or the number of a log that is stored or was deleted. */
  contains(seq: number): boolean {
    const row = this.sql('SELECT trimmed, EXISTS (SELECT 1 FROM logs WHERE seq = ?) AS stored FROM log_totals').get(
      seq,
    );
    return row?.stored === 1 || seq <= Number(row?.trimmed);
  }

  /** Closes a database whose file was deleted or replaced, and deletes what it has left beside the path. */
  abandon(): void {
    const file = this.#file;
    try {
      // Under the lock of the old database: other processes that have it open must not delete at the same time.
      if (file !== undefined) transaction(this.db, 'IMMEDIATE', () => deleteLeftovers(file, this.#wal));
    } catch {
      // Another process has the lock, or this one may not write: then another one deletes them.
    }
    this.close();
  }

  close(): void {
    this.#statements.clear();
    if (this.db.isOpen) this.db.close();
  }

  /** The highest number of a deleted log of the filter's workflow. */
  #trimmed(filter: LogFilter, all: number): number {
    if (filter.workspaceID === undefined && filter.workflowID === undefined) return all;
    const { sql, values } = scopeOf(filter);
    return Number(this.sql(`SELECT max(seq) AS seq FROM logs_trimmed WHERE ${sql}`).get(...values)?.seq ?? 0);
  }
}

/**
 * Opens a file, and creates what is missing.
 *
 * @throws SQLite's or the file system's error if the file can't be opened
 */
export function openConnection(file: string, generation: number, create: boolean): Connection {
  if (create) createPrivately(file);
  else if (!existsSync(file)) throw new Error(`${file}: the file of the log store is missing`);
  checkModes(file);
  try {
    return new Connection(file, generation);
  } catch (error) {
    // No process writes, so there are no files beside the database, and SQLite can't create them in this folder.
    if (!isWriteProtected(error) || !existsSync(file) || existsSync(walOf(file))) throw error;
    return new Connection(file, generation, true);
  }
}

function immutableUrl(file: string): URL {
  const url = pathToFileURL(file);
  url.search = '?mode=ro&immutable=1';
  return url;
}
