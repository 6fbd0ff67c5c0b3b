import { ObjectId } from 'mongodb';
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
import { readOptions } from '../../options.ts';
import { ChangeFeed } from './change-feed.ts';
import { StoreClient, withTimeout } from './client.ts';
import { LogCollection } from './collection.ts';
import { PageCursor, StreamCursor } from './cursor.ts';
import { isMongoId } from './ids.ts';
import { LogMapper } from './log-mapper.ts';
import { type MongoConfig, type MongoLogStoreOptions, rules } from './options.ts';
import { queryPage, search } from './page.ts';
import { idOf, locate, ownCursor, resume } from './places.ts';
import { PlaceExpired, readStream } from './read.ts';
import { Resume } from './resume.ts';
import { untilSuccess } from './until-success.ts';
import { queryVolume } from './volume.ts';
import { Warnings } from './warnings.ts';
import type { Watch, WatchContext } from './watch.ts';
import { Watches } from './watches.ts';

/** Milliseconds within which the server responds to `health()`. */
const maxProbeMs = 2_000;
/** Arrivals that are kept for each workflow. */
const maxArrivals = 512 * 1024;
/** Milliseconds by which this process's clock may differ from the server's without a warning. */
const maxClockOffsetMs = 1_000;

// The terms of this folder (look, find, arrival, boundary, history, …) are defined at `LogList` in log-list.ts.

/**
 * Serves the logs that other programs insert into a MongoDB collection: new ones by a change stream if the server has
 * change streams, and by polls otherwise.
 *
 * @example
 * const store = new MongoLogStore({ server: 'mongodb://localhost/etl', collection: 'logs' });
 * await store.ensureIndexes();
 *
 * @throws LogStreamError `ERR_LOG_STREAM_OPTION` for an invalid option
 */
export class MongoLogStore implements LogStore {
  readonly #config: MongoConfig;
  readonly #client: StoreClient;
  readonly #collection: LogCollection;
  readonly #context: WatchContext;
  readonly #warnings = new Warnings();
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
    this.#client = new StoreClient(server, config.maxTimeMs);
    this.#collection = new LogCollection(this.#client, database, collection, config.maxTimeMs);
    const timing = { pollMs, settleMs, lateMs, lateEveryMs, maxArrivals, now: () => Date.now() + this.#clockOffsetMs };
    this.#context = {
      collection: this.#collection,
      mapper: new LogMapper(config.maxLogBytes),
      memory: { characters: 0 },
      timing,
      onSkew: (kind) => this.#warnings.report(kind, this.#collection.name),
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
      onRefused: (error, isFinal) => {
        if (isFinal) this.#hasChanges = false;
        this.#warnings.reportNoChanges(error, this.#collection.name);
      },
    });
  }

  /**
   * Creates the index that all reads of a workflow use: `meta.workspaceID`, `meta.workflowID`, `_id`. Does nothing if
   * it exists. Needs the right to create an index. Resolves when the server has built the index, which takes minutes on
   * a large collection; its logs are served meanwhile.
   */
  async ensureIndexes(): Promise<void> {
    this.#checkOpen();
    await this.#collection.ensureIndexes();
  }

  async end(filter: LogFilter): Promise<LogCursor> {
    const watch = await this.#watchOf(filter);
    await watch.look();
    return new StreamCursor({ watch, n: watch.list.arrivals.end });
  }

  async newest(filter: LogFilter, limit: number, signal: AbortSignal): Promise<LogCursor | undefined> {
    const watch = await this.#watchOf(filter);
    await watch.look();
    const { logs } = await search(this.#context, filter, {}, 'desc', limit, signal);
    const oldest = logs.at(-1)?.cursor;
    return oldest instanceof PageCursor ? new Resume(watch, this.#context).fromLog(oldest.low) : undefined;
  }

  async resume(id: string, filter: LogFilter): Promise<LogResume> {
    return resume(this.#context, await this.#watchOf(filter), id);
  }

  async locate(id: string, filter: LogFilter, ...kinds: LogIdKind[]): Promise<LogCursor | undefined> {
    await this.#start();
    return locate(this.#context, id, filter, kinds);
  }

  idOf(cursor: LogCursor, filter: LogFilter, kind: LogIdKind): string {
    return idOf(cursor, filter, kind);
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

  async volume(query: VolumeQuery): Promise<LogVolume> {
    await this.#start();
    return queryVolume(this.#context, query);
  }

  async read(cursor: LogCursor, filter: LogFilter, limit: number): Promise<LogBatch> {
    this.#checkOpen();
    const place = ownCursor(cursor);
    if (!this.#watches.has(place.watch)) {
      throw new PlaceExpired('A subscriber was inactive for too long: it has to resume with its id');
    }
    // Keeps the watch while it is read.
    await this.#watches.open(place.watch.filter);
    return readStream(this.#context, place, filter, limit);
  }

  /** The logs of the workflow, because each look selects one workflow. */
  tailOf({ workspaceID, workflowID }: LogFilter): LogFilter {
    return { ...(workspaceID !== undefined && { workspaceID }), ...(workflowID !== undefined && { workflowID }) };
  }

  subscribe(listener: () => void, filter: LogFilter): () => void {
    return this.#watches.subscribe(listener, filter);
  }

  get lateDocuments(): number {
    return this.#warnings.late;
  }

  /**
   * Figures:
   *
   * - `lateDocuments`: documents that became visible later than `settleMs`
   * - `unmappedDocuments`: number of distinct documents delivered unmapped, of which up to 10,000 are counted
   * - `watchedWorkflows`: workflows whose new logs are being delivered to subscribers
   * - `changeStream`: 1 while a change stream delivers new logs, else 0
   * - `indexBuilding`: 1 while the index is being created, else 0
   */
  async health(): Promise<LogStoreHealth> {
    const figures = {
      lateDocuments: this.lateDocuments,
      unmappedDocuments: this.#context.mapper.unmapped,
      watchedWorkflows: this.#watches.listening,
      changeStream: this.#feed.isLive ? 1 : 0,
      indexBuilding: this.#collection.isIndexBuilding ? 1 : 0,
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
    await this.#client.close();
  }

  async #watchOf(filter: LogFilter): Promise<Watch> {
    this.#checkOpen();
    return this.#watches.open(filter);
  }

  /** Queries, once, what kind of server it is. */
  async #start(): Promise<void> {
    this.#checkOpen();
    await this.#describe();
  }

  async #describeServer(): Promise<void> {
    const { hasChanges, clockOffsetMs } = await this.#collection.describe();
    this.#hasChanges = hasChanges && this.#config.changeStream === 'auto';
    if (Math.abs(clockOffsetMs) > maxClockOffsetMs) {
      this.#clockOffsetMs = clockOffsetMs;
      this.#warnings.reportClock(clockOffsetMs, this.#collection.name);
    }
    // There may have been listeners before the kind of the server was known.
    if (this.#hasChanges && this.#watches.listening > 0) this.#feed.start();
  }

  #listen(filter: LogFilter): () => void {
    if (this.#hasChanges) this.#feed.start();
    void this.#warnings.checkPlan(this.#collection, filter);
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
