import type { Router } from 'express';

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
  /** Sequence number: ascends with every insertion, and is never assigned twice within one epoch. */
  readonly seq: number;
  readonly log: LogDocument;
}

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
  /** Most logs to return. */
  readonly limit: number;
  /** Only logs inserted after this number. Restricts `total` too. */
  readonly afterSeq?: number;
  /** Only logs inserted up to and including this number. Restricts `total` too. */
  readonly throughSeq?: number;
  /** Last number of the previous page, exclusive, in the direction of `order`. Does not restrict `total`. */
  readonly cursorSeq?: number;
  /** Whether to count all matching logs. @defaultValue true */
  readonly total?: boolean;
}

/** Result of {@link LogStore.query}, from one consistent snapshot. */
export interface LogPage {
  readonly logs: readonly StoredLog[];
  /** True if the next page contains at least one log. */
  readonly more: boolean;
  /** Number of matching logs, ignoring `cursorSeq`; 0 if the query did not ask for it. */
  readonly total: number;
  /** The newest number in the snapshot, or `throughSeq` if that is lower. */
  readonly lastSeq: number;
}

/** The range of numbers that a store keeps. */
export interface LogBounds {
  /** The oldest number kept; `lastSeq + 1` if the store is empty. */
  readonly firstSeq: number;
  /** The newest number ever assigned; 0 if none was. */
  readonly lastSeq: number;
}

/** Result of {@link LogStore.read}, from one consistent snapshot. */
export interface LogBatch extends LogBounds {
  /** Matching logs, oldest first. */
  readonly logs: readonly StoredLog[];
  /** Every log up to this number was examined. If it is below `lastSeq`, there is more to read. */
  readonly throughSeq: number;
}

/**
 * Storage of logs. {@link SqliteLogStore} is the built-in one; a store for another database implements these methods.
 *
 * A stream is exact if and only if numbers become visible in ascending order: once a read has returned number n, no log
 * with a lower number may become visible.
 */
export interface LogStore {
  /**
   * Identifies this incarnation of the store. Changes whenever sequence numbers restart, and never while the store is
   * open. Contains no CR, LF or NUL.
   */
  epoch(): Promise<string>;
  bounds(): Promise<LogBounds>;
  /**
   * Stores all logs in this order, or none. Rejects with a LogStreamError `ERR_LOG_STREAM_DOCUMENT` that names the field
   * if one does not have the exact shape.
   */
  append(logs: readonly LogDocument[]): Promise<StoredLog[]>;
  query(query: LogQuery): Promise<LogPage>;
  /**
   * Returns logs after `afterSeq`, oldest first: at most `limit`, or fewer to bound one call (large logs, long scans). Must
   * make progress: `throughSeq` is above `afterSeq` unless `afterSeq` is `lastSeq`.
   */
  read(afterSeq: number, filter: LogFilter, limit: number): Promise<LogBatch>;
  /**
   * Calls the listener after every append of any process. May call it without cause.
   *
   * @returns the release, which may be called more than once
   */
  subscribe(listener: () => void): () => void;
  /** Releases all resources. Later calls of the other methods reject. */
  close(): Promise<void>;
}

/** Bounds of a router. */
export interface LogStreamLimits {
  /** Most streams open at once; the next one gets 503 with `ERR_LOG_STREAM_LIMIT`. @defaultValue 10_000 */
  total?: number | undefined;
}

/** Options of `logStreamRouter`. `undefined` means left out. */
export interface LogStreamOptions {
  /** The logs to serve. The router does not close it: close it after the router. */
  store: LogStore;
  /**
   * Bearer token that every request except `/healthz` must carry: visible ASCII characters. `false` lets every client
   * that reaches the port read all logs; left out, the router does the same and emits a process warning.
   */
  token?: string | false | undefined;
  /** Milliseconds between two heartbeat comments on each stream, or false. @defaultValue 15_000 */
  heartbeatMs?: number | false | undefined;
  /** Milliseconds that a browser waits before it reconnects (`retry:`), or false to send none. @defaultValue 5_000 */
  retryMs?: number | false | undefined;
  limits?: LogStreamLimits | undefined;
  /**
   * Milliseconds that a full socket may take no byte, or false. Then the stream is cut; the browser resumes by id.
   * @defaultValue 60_000
   */
  maxStallMs?: number | false | undefined;
  /** Called once per failed call of the store, with its error. @defaultValue `process.emitWarning` */
  onError?: ((error: Error) => void) | undefined;
}

/** A snapshot of a router's streams. */
export interface LogStreamStats {
  /** Open streams. */
  streams: number;
  /** Streams that receive new logs as they are appended. The others read older logs or wait for their socket. */
  atTip: number;
  /** Streams whose socket is full. */
  waiting: number;
  /** Bytes written to all streams that the kernel has not accepted yet. */
  bufferedBytes: number;
}

/** An Express router that can be closed. */
export type LogStreamRouter = Router & {
  /**
   * Ends every stream after a whole event and responds 503 from now on. Resolves when all streams are closed. Leaves the
   * store open.
   *
   * @param options.graceMs milliseconds until a stream that has not been read to its end is cut; default 1_000
   */
  close(options?: { graceMs?: number }): Promise<void>;
  /** Returns current figures; cheap enough to call at every scrape of metrics. */
  stats(): LogStreamStats;
};
