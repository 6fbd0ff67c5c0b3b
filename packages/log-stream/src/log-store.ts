/** Severity of a log, least severe first. */
export type LogLevel = 'DEBUG' | 'INFO' | 'WARN' | 'ERROR';

/** Origin and time of a log. */
export interface LogMeta {
  /** Milliseconds since 1970. `time` and `isoTime` are derived from it. */
  timestamp: number;
  /** The run of the pipeline, a UUID. */
  pipelineID: string;
  /** The execution's number, as text. */
  execID: string;
  /** The workspace of the workflow, as in the path of a request for its logs. */
  workspaceID: string;
  /** The workflow that logs, as in the path of a request for its logs. */
  workflowID: string;
  /** The kind of pipeline. For instance `L3L5ETL`. */
  pipelineType: string;
}

/** One log as it is stored, returned over REST and sent as an event's data. `createLogDocument` creates it. */
export interface LogDocument {
  /** The severity. */
  logLevel: LogLevel;
  /** The kind of log. For instance `APPLICATION`. */
  logType: string;
  /** What happened. */
  message: string;
  /** The stage of the pipeline. For instance `ETL_PROCESSING`. */
  stageName: string;
  /** `2m 15s`, `3.2s`, `420ms`; empty if there is none. */
  duration: string;
  /** Details besides the message; empty if there are none. */
  description: string;
  /** `Sep 22 2025 at 08:54 AM`, in UTC. */
  time: string;
  /** `2025-09-22T08:54:00.000Z` */
  isoTime: string;
  /** Origin and time. */
  meta: LogMeta;
}

/**
 * A place in the order in which a store delivers logs: after some of them and before the others. Only the store that
 * created it can use it, and only in this process; {@link LogStore.idOf} returns an id of the place that survives a
 * restart.
 */
export interface LogCursor {
  /** True if both are the same place. */
  equals(other: LogCursor): boolean;
  /** True if this place is before `other`: a reader here still has to read logs that a reader there has read. */
  isBefore(other: LogCursor): boolean;
  /** Two places with equal texts are the same place. */
  toString(): string;
}

/** A log and its place in the store. */
export interface StoredLog {
  /** The place directly after the log. */
  readonly cursor: LogCursor;
  /** The log as it was stored. */
  readonly log: LogDocument;
  /** Never set: only a {@link LogGap} has it. */
  readonly gap?: undefined;
}

/** Takes the place of a stored log that can't be delivered. */
export interface LogGap {
  /** The place directly after the log that can't be delivered. */
  readonly cursor: LogCursor;
  /** Never set: only a {@link StoredLog} has it. */
  readonly log?: undefined;
  /**
   * `event-too-large`: larger than the store's bound. `unreadable`: not a log document in JSON. `trimmed`: deleted
   * before it was read.
   */
  readonly gap: 'event-too-large' | 'unreadable' | 'trimmed';
  /** The workspace of the log. */
  readonly workspaceID: string;
  /** The workflow of the log. */
  readonly workflowID: string;
}

/** What a store returns for one stored log. */
export type LogEntry = StoredLog | LogGap;

/** Selects logs. Every given condition must hold. */
export interface LogFilter {
  /** The whole id of the workspace. */
  readonly workspaceID?: string;
  /** The whole id of the workflow. */
  readonly workflowID?: string;
  /** Any of these levels. */
  readonly levels?: readonly LogLevel[];
  /** Part of the message, the description or the stage name, ignoring case; or the whole `execID`. */
  readonly search?: string;
  /** None of these texts may be part of the message, the description or the stage name, ignoring case. */
  readonly exclude?: readonly string[];
  /** The whole name of the stage. */
  readonly stageName?: string;
  /** The execution's number. */
  readonly execID?: string;
  /** Milliseconds since 1970, inclusive. */
  readonly fromMs?: number;
  /** Milliseconds since 1970, exclusive. */
  readonly toMs?: number;
}

/**
 * What an id stands for: `event` for a log, `position` for a place between two logs, `asc` and `desc` for the end of a
 * page in that order.
 */
export type LogIdKind = 'event' | 'position' | 'asc' | 'desc';

/** Selects one page of logs, for REST. Its cursors come from {@link LogStore.locate}. */
export interface LogQuery {
  /** Which logs match. */
  readonly filter: LogFilter;
  /** Order of insertion: `desc` is newest first. */
  readonly order: 'asc' | 'desc';
  /** Most logs to return. A page of large logs may have fewer. */
  readonly limit: number;
  /** Only logs after this place. Restricts `total` too. */
  readonly after?: LogCursor;
  /** Only logs before this place. `none`: no log at all. Restricts `total` too. */
  readonly upTo?: LogCursor | 'none';
  /** Where the previous page ended, in the direction of `order`. Does not restrict `total`. */
  readonly cursor?: LogCursor;
  /** Aborted when the page is no longer needed; the query then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** Result of {@link LogStore.query}. */
export interface LogPage {
  /** The logs of the page, in the query's `order`; a gap in the place of each that can't be delivered. */
  readonly logs: readonly LogEntry[];
  /** True if the next page contains at least one log. */
  readonly more: boolean;
  /** Number of matching logs, ignoring the query's `cursor`. */
  readonly total: number;
  /** A stream that starts here delivers every log that was not visible yet when the page was read. */
  readonly position: LogCursor;
  /**
   * True if logs of the filter's workflow that the query would have selected were deleted: after `cursor` in ascending
   * order, or after `after`.
   */
  readonly trimmed: boolean;
}

/** Selects what {@link LogStore.volume} counts. */
export interface VolumeQuery {
  /** Which logs are counted. Its `fromMs` and `toMs` also bound the time that the buckets cover. */
  readonly filter: LogFilter;
  /** Most buckets. */
  readonly buckets: number;
  /** As in {@link LogQuery}. */
  readonly signal?: AbortSignal;
}

/** Number of logs by level, in consecutive buckets of time of the same width. */
export interface LogVolume {
  /** When the first bucket begins, in milliseconds since 1970: a multiple of `bucketMs`. */
  readonly fromMs: number;
  /** Width of a bucket in milliseconds; 0 if there is none. */
  readonly bucketMs: number;
  /** One number per bucket. */
  readonly counts: Readonly<Record<LogLevel, readonly number[]>>;
}

/**
 * Why logs may be missing at a place of a stream: `trimmed`: they were deleted; `unknown-id`: the store can't interpret
 * the id.
 */
export type LogLoss = 'trimmed' | 'unknown-id';

/** Result of {@link LogStore.resume}. */
export interface LogResume {
  /** The place from which the stream continues. */
  readonly cursor: LogCursor;
  /**
   * Set if logs may be missing before the cursor. Either the id is unknown here: then the cursor is before the oldest
   * log. Or the log of the id was lost: then the cursor is where the next logs follow.
   */
  readonly gap?: 'unknown-id';
}

/** Result of {@link LogStore.read}. */
export interface LogBatch {
  /** Matching logs, in the order of delivery. */
  readonly logs: readonly LogEntry[];
  /** The place after every log that was examined. */
  readonly cursor: LogCursor;
  /** True if there is more to read now. */
  readonly more: boolean;
  /** Set if logs of the filter's workflow may be missing between the place that was read from and `logs`: why. */
  readonly gap?: LogLoss;
}

/** Result of {@link LogStore.health}. */
export interface LogStoreHealth {
  /**
   * What is wrong; undefined if the store works. The same object as long as the same failure lasts, so that it can be
   * reported once. Its message may name files: log it, but don't send it to clients.
   */
  readonly problem: Error | undefined;
  /** Figures of the store, for metrics. Each store documents its figures at its `health()`. */
  readonly figures: Readonly<Record<string, number>>;
}

/**
 * Storage of logs. {@link SqliteLogStore} is the built-in one; a store for another database implements these methods.
 *
 * A stream is exact if and only if three rules hold:
 *
 * - A sequence of reads, each from the cursor that the previous one returned, delivers every log that is or becomes
 *   visible after the first cursor, each once. Logs may become visible in any order.
 * - The id of a log depends on the log alone. It is the same in every process, in pages and in streams, and after a
 *   restart.
 * - {@link resume} may return a place that repeats logs, but none that omits one.
 *
 * While the same failure lasts, all methods should reject with the same Error object: the router reports each object
 * once.
 *
 * {@link end}, {@link resume}, {@link locate}, {@link idOf}, {@link tailOf} and {@link subscribe} use only the
 * workspace and the workflow of their filter; without both, they apply to all logs.
 */
export interface LogStore {
  /** The place from which a stream delivers what becomes visible from now on, and nothing that was visible before. */
  end(filter: LogFilter): Promise<LogCursor>;
  /**
   * The place from which a stream delivers the newest `count` matching logs, and then what follows.
   *
   * @returns undefined if no log matches
   */
  newest(filter: LogFilter, count: number, signal: AbortSignal): Promise<LogCursor | undefined>;
  /**
   * The place from which a stream continues for a subscriber whose last event or position has this id. The id may have
   * any syntax.
   */
  resume(id: string, filter: LogFilter): Promise<LogResume>;
  /**
   * The place in the order of pages that an id of one of `kinds` stands for; if it is the id of a log, the place
   * directly after the log.
   *
   * @returns undefined if the id is unknown here: malformed, of another workflow, or of a log that is not stored any
   * more
   */
  locate(id: string, filter: LogFilter, ...kinds: LogIdKind[]): Promise<LogCursor | undefined>;
  /**
   * The id of a log or a place, as it is sent to the subscribers of the filter's workflow: visible ASCII characters
   * that need no encoding in a URL. It is called for every event, so it must be cheap.
   */
  idOf(cursor: LogCursor, filter: LogFilter, kind: LogIdKind): string;
  /** True if `text` has the syntax of the id of a log or a position. */
  isId(text: string): boolean;
  /**
   * Stores all logs in this order, or none. Simultaneous calls are stored in the order of the calls. Rejects with a
   * LogStreamError `ERR_LOG_STREAM_DOCUMENT`, which names the field if a log does not have the exact shape, or the
   * bound if a log is too large.
   */
  append(logs: readonly LogDocument[]): Promise<StoredLog[]>;
  /**
   * Returns a page. Must not block the event loop for longer than 20 ms, whatever the filter, and must stop when
   * `query.signal` is aborted.
   */
  query(query: LogQuery): Promise<LogPage>;
  /**
   * Counts the matching logs by level and by `meta.timestamp`, from the filter's `fromMs` to its `toMs`. Without
   * `fromMs` it counts from the first matching log, without `toMs` to the last one. Must not block the event loop
   * longer than {@link LogStore.query} may, and must stop when `query.signal` is aborted.
   */
  volume(query: VolumeQuery): Promise<LogVolume>;
  /**
   * Returns the logs after a cursor: at most `limit`, or fewer to bound one call (large logs, long scans). Must make
   * progress: unless `more` is false, the returned cursor is after the given one. For a cursor that is no longer valid,
   * such as one of a file that was replaced, returns a gap and all stored logs; or only those that its reader can't
   * have received, if the store can determine them.
   */
  read(cursor: LogCursor, filter: LogFilter, limit: number): Promise<LogBatch>;
  /**
   * Selects the logs that are read together for all subscribers at the newest log: those of the filter's workflow, or
   * all (`{}`), if reading all costs no more than reading one workflow.
   */
  tailOf(filter: LogFilter): LogFilter;
  /**
   * Calls the listener after logs of the filter's workflow have become visible, whichever process has written them, and
   * when cursors are no longer valid. May also call it without cause.
   *
   * @returns the release, which may be called more than once
   */
  subscribe(listener: () => void, filter: LogFilter): () => void;
  /** Number of logs that became visible later than expected. Left out by a store in which none can. */
  readonly lateDocuments?: number;
  /** Tries to read and returns the state of the store. Never rejects. */
  health(): Promise<LogStoreHealth>;
  /** Stores what {@link append} has accepted, then releases all resources. Later calls of the other methods reject. */
  close(): Promise<void>;
}
