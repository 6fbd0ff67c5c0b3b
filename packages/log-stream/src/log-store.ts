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
  workspaceID: string;
  workflowID: string;
  /** For instance `L3L5ETL`. */
  pipelineType: string;
}

/** One log as it is stored, returned over REST and sent as an event's data. `createLogDocument` creates it. */
export interface LogDocument {
  logLevel: LogLevel;
  /** For instance `APPLICATION`. */
  logType: string;
  message: string;
  /** For instance `ETL_PROCESSING`. */
  stageName: string;
  /** `2m 15s`, `3.2s`, `420ms`; empty if there is none. */
  duration: string;
  description: string;
  /** `Sep 22 2025 at 08:54 AM`, in UTC. */
  time: string;
  /** `2025-09-22T08:54:00.000Z` */
  isoTime: string;
  meta: LogMeta;
}

/** A log and its position in the store. */
export interface StoredLog {
  /**
   * Sequence number: ascends with every insertion, and is never assigned twice within one epoch, not even after a backup
   * was restored. Numbers may be skipped.
   */
  readonly seq: number;
  readonly log: LogDocument;
  readonly gap?: undefined;
}

/** Stands for a stored log that can't be delivered, at its place among the others. */
export interface LogGap {
  readonly seq: number;
  readonly log?: undefined;
  /** `event-too-large`: larger than the store's bound. `unreadable`: not a log document in JSON. */
  readonly gap: 'event-too-large' | 'unreadable';
  readonly workspaceID: string;
  readonly workflowID: string;
}

/** What a store returns for one stored log. */
export type LogEntry = StoredLog | LogGap;

/** Selects logs. Every given condition must hold. */
export interface LogFilter {
  readonly workspaceID?: string;
  readonly workflowID?: string;
  /** Any of these levels. */
  readonly levels?: readonly LogLevel[];
  /** Part of the message, the description or the stage name, ignoring case. */
  readonly search?: string;
  /** Milliseconds since 1970, inclusive. */
  readonly fromMs?: number;
  /** Milliseconds since 1970, exclusive. */
  readonly toMs?: number;
}

/** Selects one page of logs, for REST. */
export interface LogQuery {
  readonly filter: LogFilter;
  /** Order of insertion: `desc` is newest first. */
  readonly order: 'asc' | 'desc';
  /** Most logs to return. A page of large logs may have fewer. */
  readonly limit: number;
  /** Only logs inserted after this number. Restricts `total` too. */
  readonly afterSeq?: number;
  /** Only logs inserted up to and including this number. Restricts `total` too. */
  readonly throughSeq?: number;
  /** Last number of the previous page, exclusive, in the direction of `order`. Does not restrict `total`. */
  readonly cursorSeq?: number;
  /** Whether to count all matching logs. @defaultValue true */
  readonly total?: boolean;
  /** Aborted when nobody needs the page any more; the query then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** Result of {@link LogStore.query}. Logs that are appended while it runs are left out. */
export interface LogPage {
  readonly logs: readonly LogEntry[];
  /** True if the next page contains at least one log. */
  readonly more: boolean;
  /** Number of matching logs, ignoring `cursorSeq`; 0 if the query did not ask for it. */
  readonly total: number;
  /** The newest number when the query began, or `throughSeq` if that is lower. */
  readonly lastSeq: number;
  /**
   * True if logs of the filter's workflow were deleted that the query would otherwise have selected: after `cursorSeq` in
   * ascending order, or after `afterSeq`.
   */
  readonly trimmed: boolean;
}

/** The numbers of one workflow, or of all logs, at one moment. */
export interface LogBounds {
  /** No log of the filter's workflow with this or a higher number was deleted; 1 if none was deleted at all. */
  readonly firstSeq: number;
  /** The newest number ever assigned, in all workflows; 0 if none was. */
  readonly lastSeq: number;
  /** See {@link LogStore.epoch}. */
  readonly epoch: string;
  /**
   * Changes when the positions of all readers lose their meaning while the store is open: its file was replaced, or a
   * backup was restored. A reader that holds a position of another generation must find out by {@link LogStore.contains}
   * where it is now.
   */
  readonly generation: number;
}

/** Result of {@link LogStore.read}, from one consistent snapshot. */
export interface LogBatch extends LogBounds {
  /** Matching logs, oldest first. */
  readonly logs: readonly LogEntry[];
  /** Every log up to this number was examined. If it is below `lastSeq`, there is more to read. */
  readonly throughSeq: number;
}

/** Result of {@link LogStore.health}. */
export interface LogStoreHealth {
  /**
   * What is wrong; undefined if the store works. The same object for as long as the same failure lasts, so that it can be
   * reported once. May name files: for logs, not for clients.
   */
  readonly problem: Error | undefined;
  /** Figures of the store, for metrics. Each store documents its own. */
  readonly figures: Readonly<Record<string, number>>;
}

/**
 * Storage of logs. {@link SqliteLogStore} is the built-in one; a store for another database implements these methods.
 *
 * A stream is exact if and only if numbers become visible in ascending order: once a read has returned number n, no log
 * with a lower number may become visible.
 *
 * While the same failure lasts, all methods should reject with the same Error object: the router reports an object once.
 */
export interface LogStore {
  /**
   * Identifies this incarnation of the store. Changes whenever sequence numbers restart; while the store is open,
   * together with {@link LogBounds.generation}. The key of all ids is derived from it, so it is unguessable (at least 64
   * random bits) and never shown to a client.
   */
  epoch(): Promise<string>;
  /**
   * @param filter only its workspace and workflow count: `firstSeq` is theirs. Left out: all logs
   */
  bounds(filter?: LogFilter): Promise<LogBounds>;
  /**
   * True if `seq` is a position in this store: 0, the number of a stored log, or of one that was deleted. False for a
   * number above `lastSeq`, and for that of a log which a restored backup does not contain.
   */
  contains(seq: number): Promise<boolean>;
  /**
   * Stores all logs in this order, or none. Simultaneous calls are stored in the order of the calls. Rejects with a
   * LogStreamError `ERR_LOG_STREAM_DOCUMENT` that names the field if one does not have the exact shape, or the bound if
   * one is too large.
   */
  append(logs: readonly LogDocument[]): Promise<StoredLog[]>;
  /**
   * Returns a page. Must not block the event loop for longer than 20 ms, whatever the filter, and must stop when
   * `query.signal` is aborted.
   */
  query(query: LogQuery): Promise<LogPage>;
  /**
   * Returns logs after `afterSeq`, oldest first: at most `limit`, or fewer to bound one call (large logs, long scans). Must
   * make progress: `throughSeq` is above `afterSeq` unless `afterSeq` is `lastSeq` or higher.
   */
  read(afterSeq: number, filter: LogFilter, limit: number): Promise<LogBatch>;
  /**
   * Calls the listener after every append of any process, and when the generation has changed. May call it without cause.
   *
   * @returns the release, which may be called more than once
   */
  subscribe(listener: () => void): () => void;
  /** Tries to read and returns the state of the store. Never rejects. */
  health(): Promise<LogStoreHealth>;
  /** Stores what {@link append} has accepted, then releases all resources. Later calls of the other methods reject. */
  close(): Promise<void>;
}
