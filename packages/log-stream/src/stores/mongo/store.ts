import { type MongoClient, ObjectId } from 'mongodb';
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
  StoredLog,
} from '../../log-store.ts';
import { readOptions } from '../../options.ts';
import { ChangeFeed } from './change-feed.ts';
import { newClient, withTimeout } from './client.ts';
import { LogCollection } from './collection.ts';
import { PageCursor, StreamCursor } from './cursor.ts';
import { FoundLogs } from './found-logs.ts';
import { decodePageEnd, decodePosition, encodePageEnd, encodePosition, isMongoId } from './ids.ts';
import { isHex, timeOf } from './object-ids.ts';
import { type MongoConfig, type MongoLogStoreOptions, rules } from './options.ts';
import { queryPage, search, timeCursor } from './page.ts';
import { PlaceExpired, readStream } from './read.ts';
import { Resume } from './resume.ts';
import { SkewWarnings } from './skew-warnings.ts';
import { untilSuccess } from './until-success.ts';
import type { Watch, WatchContext } from './watch.ts';
import { Watches } from './watches.ts';

/** Milliseconds within which the server responds to `health()`. */
const maxProbeMs = 2_000;
/** Arrivals that are kept for each workflow. */
const maxArrivals = 512 * 1024;
/** Milliseconds by which this process's clock may differ from the server's without a warning. */
const maxClockOffsetMs = 1_000;

/**
 * Serves the logs that other programs insert into a MongoDB collection: new ones by a change stream where the server has
 * them, by polls otherwise.
 *
 * @example
 * const store = new MongoLogStore({ server: 'mongodb://localhost/etl', collection: 'logs' });
 * await store.ensureIndexes();
 *
 * @throws LogStreamError `ERR_LOG_STREAM_OPTION` for an invalid option
 */
export class MongoLogStore implements LogStore {
  readonly #config: MongoConfig;
  readonly #client: MongoClient;
  readonly #collection: LogCollection;
  readonly #context: WatchContext;
  readonly #skew = new SkewWarnings();
  readonly #watches: Watches;
  readonly #feed: ChangeFeed;
  readonly #describe = untilSuccess(() => this.#describeServer());
  #hasChanges = false;
  #clockOffsetMs = 0;
  #isClosed = false;

  constructor(options: MongoLogStoreOptions) {
    const config = readOptions<MongoConfig>('MongoLogStore', options, rules);
    const { server, database, collection, pollMs, settleMs, lateMs, lateEveryMs } = config;
    this.#config = config;
    this.#client = typeof server === 'string' ? newClient(server, config.maxTimeMs) : server;
    this.#collection = new LogCollection(this.#client, database, collection, config.maxTimeMs);
    const timing = { pollMs, settleMs, lateMs, lateEveryMs, maxArrivals, now: () => Date.now() + this.#clockOffsetMs };
    this.#context = {
      collection: this.#collection,
      found: new FoundLogs(config.maxLogBytes),
      memory: { characters: 0 },
      timing,
      onSkew: (kind) => this.#skew.report(kind, this.#collection.name),
    };
    this.#watches = new Watches(
      this.#context,
      () => this.#start(),
      () => !this.#feed.isLive,
      (filter) => this.#listen(filter),
    );
    this.#feed = new ChangeFeed(this.#collection, {
      onInsert: (id, raw, time) => {
        this.#watches.arrive(id, raw);
        if (time !== undefined) this.#watches.completeUntil(time - settleMs);
      },
      onOpen: (isLost) => this.#watches.catchUp(isLost),
      onQuiet: (time) => this.#watches.completeUntil(timing.now() - (performance.now() - time) - settleMs),
      onUnsupported: (error) => {
        this.#hasChanges = false;
        process.emitWarning(
          `${this.#collection.name}: no change stream (${error.message}), so new logs are polled for`,
        );
      },
    });
  }

  /**
   * Creates the index that all reads of a workflow use: `meta.workspaceID`, `meta.workflowID`, `_id`. Does nothing if it
   * exists. Needs the right to create an index.
   */
  async ensureIndexes(): Promise<void> {
    this.#checkOpen();
    await this.#collection.ensureIndexes();
  }

  async end(filter: LogFilter): Promise<LogCursor> {
    const watch = await this.#watchOf(filter);
    await watch.look();
    return new StreamCursor({ watch, n: watch.arrivals.end });
  }

  async newest(filter: LogFilter, limit: number, signal: AbortSignal): Promise<LogCursor | undefined> {
    const watch = await this.#watchOf(filter);
    await watch.look();
    const { logs } = await search(this.#context, filter, {}, 'desc', limit, signal);
    const oldest = logs.at(-1)?.cursor;
    return oldest instanceof PageCursor ? new Resume(watch, this.#context).fromLog(oldest.low) : undefined;
  }

  async resume(id: string, filter: LogFilter): Promise<LogResume> {
    const watch = await this.#watchOf(filter);
    const resume = new Resume(watch, this.#context);
    const cursor = isHex(id) ? await resume.afterLog(id) : await this.#positionOf(watch, resume, id);
    return cursor ? { cursor } : { cursor: resume.fromStart(), gap: 'unknown-id' };
  }

  async locate(id: string, filter: LogFilter, ...kinds: LogIdKind[]): Promise<LogCursor | undefined> {
    await this.#start();
    for (const order of ['asc', 'desc'] as const) {
      const hex = kinds.includes(order) ? decodePageEnd(id, filter, order) : undefined;
      if (hex !== undefined) return new PageCursor(hex);
    }
    const position = kinds.includes('position') ? decodePosition(id, filter) : undefined;
    if (position) return timeCursor(position.ms, this.#config.settleMs);
    const isStored = kinds.includes('event') && isHex(id) && (await this.#collection.has(filter, id));
    return isStored ? new PageCursor(id) : undefined;
  }

  idOf(cursor: LogCursor, filter: LogFilter, kind: LogIdKind): string {
    if (cursor instanceof PageCursor) {
      if (kind === 'position') return encodePosition({ ms: cursor.ms, list: '0', n: 0 }, filter);
      return kind === 'event' ? cursor.low : encodePageEnd(cursor.low, filter, kind);
    }
    const { watch, n, id, history, earlier } = ownCursor(cursor);
    if (kind === 'event' && id !== undefined) return id;
    if (history === undefined && earlier.length === 0) {
      return encodePosition({ ms: watch.timeBefore(n), list: watch.list, n }, filter);
    }
    const ms = history === undefined ? watch.timeBefore(earlier[0] ?? n) : timeOf(history);
    return encodePosition({ ms, list: '0', n: 0 }, filter);
  }

  isId(text: string): boolean {
    return isMongoId(text);
  }

  /** Inserts the logs in this order. If the server fails, some of them may be stored. */
  async append(logs: readonly LogDocument[]): Promise<StoredLog[]> {
    this.#checkOpen();
    for (const log of logs) serializeLogDocument(log, this.#config.maxLogBytes);
    if (logs.length === 0) return [];
    const documents = logs.map((log) => ({ _id: new ObjectId(), ...log, time: new Date(log.meta.timestamp) }));
    await this.#collection.insert(documents);
    for (const { meta } of logs) this.#watches.wake(meta);
    return logs.map((log, index) => ({ cursor: new PageCursor(String(documents[index]?._id)), log }));
  }

  async query(query: LogQuery): Promise<LogPage> {
    await this.#start();
    return queryPage(this.#context, query);
  }

  async read(cursor: LogCursor, filter: LogFilter, limit: number): Promise<LogBatch> {
    this.#checkOpen();
    const place = ownCursor(cursor);
    if (!this.#watches.has(place.watch)) {
      throw new PlaceExpired('A subscriber was quiet for too long: it has to resume by its id');
    }
    // Keeps the watch while it is read.
    await this.#watches.open(place.watch.filter);
    return readStream(this.#context, place, filter, limit);
  }

  /** The logs of the workflow: they are polled for by workflow. */
  tailOf({ workspaceID, workflowID }: LogFilter): LogFilter {
    return { ...(workspaceID !== undefined && { workspaceID }), ...(workflowID !== undefined && { workflowID }) };
  }

  subscribe(listener: () => void, filter: LogFilter): () => void {
    return this.#watches.subscribe(listener, filter);
  }

  get lateDocuments(): number {
    return this.#skew.late;
  }

  /**
   * Figures: `lateDocuments` is the number of documents that became visible later than `settleMs`, `unmappedDocuments` that
   * of different documents which were delivered as they are, `watchedWorkflows` that of workflows to which somebody
   * listens, and `changeStream` is 1 while a change stream delivers new logs.
   */
  async health(): Promise<LogStoreHealth> {
    const figures = {
      lateDocuments: this.lateDocuments,
      unmappedDocuments: this.#context.found.unmapped,
      watchedWorkflows: this.#watches.listening,
      changeStream: this.#feed.isLive ? 1 : 0,
    };
    try {
      this.#checkOpen();
      await withTimeout(this.#collection.probe(), maxProbeMs);
      return { problem: undefined, figures };
    } catch (error) {
      return { problem: this.#collection.failure.remember(error), figures };
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#feed.stop();
    this.#watches.close();
    await this.#config.wakeups?.close();
    if (typeof this.#config.server === 'string') await this.#client.close();
  }

  async #watchOf(filter: LogFilter): Promise<Watch> {
    this.#checkOpen();
    return this.#watches.open(filter);
  }

  async #positionOf(watch: Watch, resume: Resume, id: string): Promise<StreamCursor | undefined> {
    const position = decodePosition(id, watch.filter);
    if (position === undefined) return undefined;
    const { list, n, ms } = position;
    const isListed = list === watch.list && watch.arrivals.start <= n && n <= watch.arrivals.end;
    return isListed ? new StreamCursor({ watch, n }) : resume.afterPosition(ms);
  }

  /** Asks the server once what it is. */
  async #start(): Promise<void> {
    this.#checkOpen();
    await this.#describe();
  }

  async #describeServer(): Promise<void> {
    const { hasChanges, clockOffsetMs } = await this.#collection.describe();
    this.#hasChanges = hasChanges && this.#config.changeStream === 'auto';
    if (Math.abs(clockOffsetMs) > maxClockOffsetMs) {
      this.#clockOffsetMs = clockOffsetMs;
      this.#skew.reportClock(clockOffsetMs, this.#collection.name);
    }
    // Somebody may have subscribed before the server was known.
    if (this.#hasChanges && this.#watches.listening > 0) this.#feed.start();
  }

  #listen(filter: LogFilter): () => void {
    if (this.#hasChanges) this.#feed.start();
    void this.#skew.checkPlan(this.#collection, filter);
    const { workspaceID, workflowID } = filter;
    const isOne = workspaceID !== undefined && workflowID !== undefined;
    const wake = () => this.#watches.wake(filter);
    const release = isOne ? this.#config.wakeups?.subscribe({ workspaceID, workflowID }, wake) : undefined;
    return () => {
      release?.();
      if (this.#watches.listening === 0) this.#feed.stop();
    };
  }

  #checkOpen(): void {
    if (this.#isClosed) throw new Error('The log store is closed');
  }
}

/** @throws TypeError for a cursor of another store */
function ownCursor(cursor: LogCursor): StreamCursor {
  if (!(cursor instanceof StreamCursor)) throw new TypeError('cursor: of another log store');
  return cursor;
}
