import type { Router } from 'express';

/** How serious a log is, least first. */
export type LogLevel = 'DEBUG' | 'INFO' | 'WARN' | 'ERROR';

/** Where a log comes from, and when it was written. */
export interface LogMeta {
  /** Milliseconds since 1970 in UTC. `time` and `isoTime` derive from it. */
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

/** One log, as it is stored, returned by REST and sent as an event's data. Make it with `createLogDocument`. */
export interface LogDocument {
  logLevel: LogLevel;
  /** For instance `APPLICATION`. */
  logType: string;
  message: string;
  /** For instance `ETL_PROCESSING`. */
  stageName: string;
  /** `2m 15s`, `3.2s`, `420ms`; empty when there is none. */
  duration: string;
  description: string;
  /** `Sep 22 2025 at 08:54 AM`, in UTC. */
  time: string;
  /** `2025-09-22T08:54:00.000Z` */
  isoTime: string;
  meta: LogMeta;
}

/** A log and its place in the store. */
export interface StoredLog {
  /** Insertion number: grows with every log, is never used twice within one epoch. */
  readonly seq: number;
  readonly log: LogDocument;
}

/** Which logs. What is left out does not restrict; all that is given must hold. */
export interface LogFilter {
  readonly workspaceID?: string;
  readonly workflowID?: string;
  /** Any of these. */
  readonly levels?: readonly LogLevel[];
  /** Part of message, description or stageName; case does not count. */
  readonly search?: string;
  /** Milliseconds since 1970, this one included. */
  readonly fromMs?: number;
  /** Milliseconds since 1970, this one excluded. */
  readonly toMs?: number;
}

/** One page of logs, for REST. */
export interface LogQuery {
  readonly filter: LogFilter;
  /** By insertion: `desc` is newest first. */
  readonly order: 'asc' | 'desc';
  /** Most logs to return. */
  readonly limit: number;
  /** Only logs inserted after this one. It narrows `total`. */
  readonly afterSeq?: number;
  /** Only logs up to and including this one. It narrows `total`. */
  readonly throughSeq?: number;
  /** Where the last page ended, exclusive, in the direction of `order`. It does not narrow `total`. */
  readonly cursorSeq?: number;
  /** Whether to count. @defaultValue true */
  readonly total?: boolean;
}

/** What {@link LogStore.query} found, all of one moment. */
export interface LogPage {
  readonly logs: readonly StoredLog[];
  /** Whether the page after this one has a log. */
  readonly more: boolean;
  /** How many match, ignoring `cursorSeq`; 0 when not asked for. */
  readonly total: number;
  /** The newest insertion number in the store at that moment, or `throughSeq` if that is lower. */
  readonly lastSeq: number;
}

/** The ends of what a store keeps. */
export interface LogBounds {
  /** The oldest insertion number kept; `lastSeq + 1` when nothing is. */
  readonly firstSeq: number;
  /** The newest insertion number ever given; 0 when none was. */
  readonly lastSeq: number;
}

/** What {@link LogStore.read} found, all of one moment. */
export interface LogBatch extends LogBounds {
  /** Matching logs, oldest first. */
  readonly logs: readonly StoredLog[];
  /** Everything up to this number was looked at. Below `lastSeq` there is more to read. */
  readonly throughSeq: number;
}

/**
 * Where logs live. {@link SqliteLogStore} is the embedded one; another (MongoDB, say) implements these seven.
 *
 * The stream is exact if and only if numbers become visible in their own order: once a read has seen `seq` n, no log
 * with a lower one may appear later.
 */
export interface LogStore {
  /** Names the life of this store: another one whenever numbers start again. No CR, LF or NUL. Never changes meanwhile. */
  epoch(): Promise<string>;
  bounds(): Promise<LogBounds>;
  /** Stores logs in this order, all or none. Rejects with a `TypeError` naming the field when one has not the exact shape. */
  append(logs: readonly LogDocument[]): Promise<StoredLog[]>;
  query(query: LogQuery): Promise<LogPage>;
  /**
   * Logs after `afterSeq`, oldest first: at most `limit` of them, fewer if the store likes (large logs, long scans), so
   * that one read is bounded. It must get on: `throughSeq` is above `afterSeq` unless `afterSeq` is `lastSeq` already.
   */
  read(afterSeq: number, filter: LogFilter, limit: number): Promise<LogBatch>;
  /**
   * Calls the listener when there may be something new, appended by whomever. May call without cause, must not miss.
   * @returns the release; calling it twice does no harm
   */
  subscribe(listener: () => void): () => void;
  /** Gives everything back. What is called later rejects. */
  close(): Promise<void>;
}

/** Settings of `logStreamRouter`. */
export interface LogStreamOptions {
  /** Where the logs are. It stays yours: close it after the router. */
  store: LogStore;
  /** The bearer token that every request but `/healthz` must carry. Left out, anybody who reaches the port may read. */
  token?: string;
  /** Milliseconds between two `:ping` comments on each stream, or false. @defaultValue 15_000 */
  pingMs?: number | false;
  /** Milliseconds that a browser waits before it reconnects, or false to leave it to the browser. @defaultValue 5_000 */
  retryMs?: number | false;
  /** Most streams open at once; one more gets 503. @defaultValue 10_000 */
  maxStreams?: number;
  /** Milliseconds that a reader may take nothing while its socket is full, or false. Then it is cut, to resume by id. @defaultValue 60_000 */
  maxStallMs?: number | false;
  /** Told of every failure of the store. @defaultValue `process.emitWarning` */
  onError?: (error: Error) => void;
}

/** What a router holds right now. */
export interface LogStreamStats {
  /** Streams open. */
  streams: number;
  /** Of these, how many get new logs as they come; the others are reading older ones or wait for their socket. */
  atTip: number;
  /** Of these, how many wait for a reader that takes nothing. */
  waiting: number;
  /** Bytes accepted for readers that the kernel has not taken yet. */
  bufferedBytes: number;
}

/** An Express router with an end. */
export type LogStreamRouter = Router & {
  /**
   * Ends every stream after a whole event and answers 503 from now on. Leaves the store open.
   * @param options.graceMs how long a slow reader may take to read the rest before it is cut; 1_000 if left out
   */
  close(options?: { graceMs?: number }): Promise<void>;
  stats(): LogStreamStats;
};
