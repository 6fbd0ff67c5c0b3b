import { resolve } from 'node:path';
import { Connection, openConnection } from './connection.ts';
import { isBusy } from './sqlite-error.ts';
import type { WatchedDatabase } from './wakeups.ts';

/** Milliseconds between two checks that the path still leads to the open file. */
const checkMs = 100;

/** The database at a path: opens it, and reopens it when another file has taken its place. */
export class Database implements WatchedDatabase {
  /** Absolute path, which SQLite never takes for a `file:` URI; undefined: in memory. */
  readonly file: string | undefined;
  #connection: Connection | undefined;
  #generation = 0;
  #checkedAt = Number.NEGATIVE_INFINITY;
  #closed = false;

  /** @throws SQLite's or the file system's error if the file can't be opened, unless it is only locked */
  constructor(path: string) {
    this.file = path === ':memory:' ? undefined : resolve(path);
    try {
      this.connection({ create: true });
    } catch (error) {
      // The first call that needs the tables tries again.
      if (!isBusy(error)) throw error;
    }
  }

  /**
   * Returns the open connection.
   *
   * @param options.create create the file if it is missing
   * @throws SQLite's error; an error that names the file if it is missing; that of {@link check}
   */
  connection({ create = false } = {}): Connection {
    if (this.#closed) throw new Error('The log store is closed');
    if (performance.now() - this.#checkedAt >= checkMs) this.check();
    this.#connection ??= this.#open(create);
    return this.#connection;
  }

  /**
   * Checks that the path and SQLite's files beside it still belong to the open connection.
   *
   * @throws an error as long as the file is the same but its write-ahead log is gone: closing the database would write
   * the old log into it, and continuing would miss what other processes write
   */
  check(): void {
    if (this.isCurrent() && this.#connection?.hasLostWal()) {
      this.#checkedAt = Number.NEGATIVE_INFINITY;
      throw new Error(
        `${this.file}-wal: deleted or replaced while the log store was open; end all processes that use it`,
      );
    }
    this.#checkedAt = performance.now();
  }

  /** True if the path still leads to the open file. Otherwise the next call opens the file that is there then. */
  isCurrent(): boolean {
    const isCurrent = this.#connection?.isCurrent() ?? true;
    if (!isCurrent) this.#drop();
    return isCurrent;
  }

  /** Runs `work` on one consistent state of the database. */
  snapshot<T>(work: (connection: Connection) => T): T {
    for (;;) {
      const connection = this.connection();
      const result = connection.snapshot(work);
      if (!connection.isImmutable || connection.isCurrent()) return result;
      this.#drop();
    }
  }

  version(): string {
    return this.#describe((connection) => `${connection.generation} ${connection.dataVersion()}`);
  }

  generation(): string {
    return this.#describe((connection) => String(connection.generation));
  }

  /** Closes the connection. The next call reopens the same file, without what SQLite has cached. */
  reopen(): void {
    // A database in memory would be lost with its connection. For a lost write-ahead log see check().
    if (this.file === undefined || this.#connection?.hasLostWal()) return;
    this.#generation = this.#connection?.generation ?? this.#generation;
    this.#connection?.close();
    this.#connection = undefined;
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  close(): void {
    this.#closed = true;
    this.#connection?.close();
    this.#connection = undefined;
  }

  #describe(state: (connection: Connection) => string): string {
    try {
      return state(this.connection());
    } catch {
      // The change to this text notifies the subscribers, whose next read gets the error.
      return 'failed';
    }
  }

  #open(create: boolean): Connection {
    return this.file === undefined
      ? new Connection(undefined, this.#generation)
      : openConnection(this.file, this.#generation, create);
  }

  #drop(): void {
    this.#generation = (this.#connection?.generation ?? this.#generation) + 1;
    this.#connection?.abandon();
    this.#connection = undefined;
  }
}
