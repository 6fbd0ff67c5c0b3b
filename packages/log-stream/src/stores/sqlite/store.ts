import { serializeLogDocument } from '../../document.ts';
import type {
  LogBatch,
  LogCursor,
  LogDocument,
  LogFilter,
  LogIdKind,
  LogPage,
  LogQuery,
  LogResume,
  LogStore,
  LogStoreHealth,
  LogVolume,
  StoredLog,
  VolumeQuery,
} from '../../log-store.ts';
import { type Complete, readOptions } from '../../options.ts';
import { append, type Row, rowOf } from './append.ts';
import { AppendQueue } from './append-queue.ts';
import type { Bounds, Connection } from './connection.ts';
import { type Numbering, ownCursor, SqliteCursor } from './cursor.ts';
import { Database } from './database.ts';
import { Entries } from './entries.ts';
import { type EventIds, eventIds, isEventId } from './event-id.ts';
import { Failures } from './failures.ts';
import { rules, type SqliteLogStoreOptions } from './options.ts';
import { queryPage, type SeqQuery } from './page.ts';
import { probe } from './probe.ts';
import { placeOf, readBatch } from './read.ts';
import { retryWhileBusy } from './retry.ts';
import { Turns } from './turns.ts';
import { queryVolume } from './volume.ts';
import { Wakeups } from './wakeups.ts';
import { WalSize } from './wal-size.ts';

/** Milliseconds between two probes of the file by `health()`. */
const probeMs = 1_000;

/**
 * A log store in one SQLite file, with Node's built-in `node:sqlite`.
 *
 * SQLite runs one write transaction at a time and numbers are assigned inside it. Across all processes the order of
 * numbers is therefore the order of commits: no log ever appears with a number below one that was read before.
 *
 * A lock of another process never blocks the event loop: calls are retried for five seconds, then they reject.
 *
 * @example
 * const store = new SqliteLogStore({ path: 'logs.db' });
 * await store.append([createLogDocument({ message: 'Started', stageName: 'EXTRACT', ...run })]);
 *
 * @throws LogStreamError `ERR_LOG_STREAM_OPTION` for an invalid option; SQLite's error if the file cannot be opened
 */
export class SqliteLogStore implements LogStore {
  readonly #database: Database;
  readonly #maxLogs: number;
  readonly #maxLogBytes: number;
  readonly #entries: Entries;
  readonly #wakeups: Wakeups;
  readonly #walSize: WalSize;
  readonly #failures = new Failures();
  readonly #turns = new Turns();
  readonly #appends = new AppendQueue();
  #probedAt = Number.NEGATIVE_INFINITY;
  #ids: { readonly epoch: string; readonly filter: LogFilter; readonly ids: EventIds } | undefined;

  constructor(options: SqliteLogStoreOptions) {
    const given = readOptions<Complete<SqliteLogStoreOptions>>('SqliteLogStore', options, rules);
    this.#maxLogs = given.maxLogs;
    this.#maxLogBytes = given.maxLogBytes;
    this.#entries = new Entries(given.maxLogBytes);
    this.#database = new Database(given.path);
    this.#walSize = new WalSize(this.#database.file);
    this.#wakeups = new Wakeups(given.pollMs, this.#database);
  }

  /** The numbers of the filter's workflow, or of all logs. */
  async bounds(filter: LogFilter = {}): Promise<Bounds> {
    this.#failures.check();
    return this.#snapshot((connection) => connection.bounds(filter));
  }

  async end(filter: LogFilter): Promise<LogCursor> {
    const bounds = await this.bounds(filter);
    return new SqliteCursor(bounds, bounds.lastSeq);
  }

  async newest(filter: LogFilter, count: number, signal: AbortSignal): Promise<LogCursor | undefined> {
    let oldest: SqliteCursor | undefined;
    for (let found = 0; found < count; ) {
      const before = oldest && { cursorSeq: oldest.seq };
      // A page may have fewer logs.
      const page = await this.#page({ filter, order: 'desc', limit: count - found, total: false, signal, ...before });
      found += page.logs.length;
      const last = page.logs.at(-1);
      oldest = last ? ownCursor(last.cursor) : oldest;
      if (!page.more || page.logs.length === 0) break;
    }
    return oldest && new SqliteCursor(oldest, oldest.seq - 1);
  }

  async resume(id: string, filter: LogFilter): Promise<LogResume> {
    this.#failures.check();
    return this.#snapshot((connection) => {
      const bounds = connection.bounds(filter);
      const seq = this.#idsOf(bounds.epoch, filter).decode(id, 'event', 'position');
      if (seq === undefined) return { cursor: new SqliteCursor(bounds, bounds.firstSeq - 1), gap: 'unknown-id' };
      // As a cursor of another generation, because its log may be lost.
      const cursor = new SqliteCursor({ ...bounds, generation: -1 }, seq);
      const { low, isKnown } = placeOf(connection, cursor, bounds);
      return { cursor: new SqliteCursor(bounds, low), ...(!isKnown && { gap: 'unknown-id' as const }) };
    });
  }

  async locate(id: string, filter: LogFilter, ...kinds: LogIdKind[]): Promise<LogCursor | undefined> {
    if (!isEventId(id)) return undefined;
    return this.#snapshot((connection) => {
      const bounds = connection.bounds();
      const seq = this.#idsOf(bounds.epoch, filter).decode(id, ...kinds);
      return seq !== undefined && connection.contains(seq) ? new SqliteCursor(bounds, seq) : undefined;
    });
  }

  idOf(cursor: LogCursor, filter: LogFilter, kind: LogIdKind): string {
    const { epoch, seq } = ownCursor(cursor);
    return this.#idsOf(epoch, filter).encode(seq, kind);
  }

  isId(text: string): boolean {
    return isEventId(text);
  }

  async append(logs: readonly LogDocument[]): Promise<StoredLog[]> {
    // Checked and copied now, because the caller may change its objects while the append waits for a lock.
    const rows = logs.map((log) => rowOf(log, serializeLogDocument(log, this.#maxLogBytes)));
    if (rows.length === 0) return [];
    const { first, numbering } = await this.#appends.run(() => this.#append(rows));
    return logs.map((log, index) => ({ cursor: new SqliteCursor(numbering, first + index), log }));
  }

  async query({ filter, order, limit, after, upTo, cursor, signal }: LogQuery): Promise<LogPage> {
    return this.#page({
      filter,
      order,
      limit,
      ...(after && { afterSeq: ownCursor(after).seq }),
      ...(upTo && { throughSeq: upTo === 'none' ? 0 : ownCursor(upTo).seq }),
      ...(cursor && { cursorSeq: ownCursor(cursor).seq }),
      ...(signal && { signal }),
    });
  }

  async volume(query: VolumeQuery): Promise<LogVolume> {
    return queryVolume((work) => this.#snapshot(work), this.#turns, query);
  }

  async read(cursor: LogCursor, filter: LogFilter, limit: number): Promise<LogBatch> {
    return this.#snapshot((connection) => readBatch(connection, this.#entries, ownCursor(cursor), filter, limit));
  }

  /**
   * All logs: reading only those of one workflow costs no less, and then every append would cause a read for each
   * workflow.
   */
  tailOf(): LogFilter {
    return {};
  }

  subscribe(listener: () => void): () => void {
    return this.#wakeups.subscribe(listener);
  }

  /**
   * Figures:
   *
   * - `logs`: stored logs
   * - `damagedLogs`: different logs that were read and could not be delivered
   * - `generation`: how often the file was replaced, or a backup restored
   * - `walBytes`: size of the write-ahead log, which grows while a process is stopped within a read, and may then fill
   *   the disk
   */
  async health(): Promise<LogStoreHealth> {
    let problem: Error | undefined;
    let figures = {};
    try {
      this.#failures.check();
      await this.#probe();
      figures = await this.#snapshot((connection) => ({
        logs: connection.logs(),
        generation: connection.bounds().generation,
      }));
    } catch (error) {
      problem = error as Error;
    }
    return { problem, figures: { ...figures, damagedLogs: this.#entries.damaged, walBytes: this.#walSize.read() } };
  }

  async close(): Promise<void> {
    this.#wakeups.close();
    await this.#appends.settled();
    this.#database.close();
  }

  /** Appends now and returns the first number, or throws SQLite's error if the database is locked. */
  #append(rows: readonly Row[]): { first: number; numbering: Numbering } {
    for (;;) {
      const connection = this.#database.connection({ create: true });
      const first = append(connection, rows, this.#maxLogs);
      // Checked afterwards: if the file was replaced meanwhile, the logs are in the old one.
      if (!this.#database.isCurrent()) continue;
      this.#walSize.check();
      this.#wakeups.notify();
      return { first, numbering: connection.numbering() };
    }
  }

  #page(query: SeqQuery): Promise<LogPage> {
    return queryPage((work) => this.#snapshot(work), this.#entries, this.#turns, query);
  }

  /** Returns the ids of a workflow, and caches them, because all events of a batch are of one workflow. */
  #idsOf(epoch: string, filter: LogFilter): EventIds {
    const last = this.#ids;
    const { workspaceID, workflowID } = last?.filter ?? {};
    if (last?.epoch === epoch && workspaceID === filter.workspaceID && workflowID === filter.workflowID)
      return last.ids;
    const ids = eventIds(epoch, filter);
    this.#ids = { epoch, filter, ids };
    return ids;
  }

  async #snapshot<T>(work: (connection: Connection) => T): Promise<T> {
    return this.#attempt(() => this.#database.snapshot(work));
  }

  /** Reads the file itself and not SQLite's cache, at most once a second. */
  async #probe(): Promise<void> {
    const { file } = this.#database;
    if (file === undefined || performance.now() - this.#probedAt < probeMs) return;
    this.#probedAt = performance.now();
    await this.#attempt(() => {
      // First, because SQLite must not open a file beside the write-ahead log of the one that it has replaced.
      this.#database.check();
      this.#database.connection();
      probe(file);
    });
  }

  /** Calls `read` until it does not find the database locked, and remembers its failure. */
  async #attempt<T>(read: () => T): Promise<T> {
    try {
      return await retryWhileBusy(read);
    } catch (error) {
      // A wrong argument is no failure of the store.
      if (this.#database.isClosed || error instanceof TypeError) throw error;
      throw this.#failures.remember(error, () => {
        this.#database.reopen();
        read();
      });
    }
  }
}
