import type { Request, Router } from 'express';
import type { LogStreamError } from './errors.ts';

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

/** The workflow of a request, decoded from its path. Both are undefined on the demo route, which serves all workflows. */
export interface LogScope {
  readonly workspaceID: string | undefined;
  readonly workflowID: string | undefined;
}

/**
 * Result of `authorize`: `true` or `{ key }` admits, and `key` names the user to the rules of `limits`. `false` and `403`
 * refuse with 403, `401` with 401.
 */
export type Authorization = boolean | 401 | 403 | { readonly key: string };

/** One rule of the limits. It needs at least one bound; each bound is a positive whole number. */
export interface LogLimitRule {
  /** Names the rule in errors and to observers. Unique, and not `total` or `pages`. */
  name: string;
  /**
   * What the rule counts by, such as the user or the workflow. Called once per stream, synchronously. `undefined`: the rule
   * does not apply to this stream. Another result, or what it throws, refuses the stream with 503.
   * @defaultValue the key that `authorize` returns
   */
  key?:
    | ((req: Request, context: LogScope & { readonly authorizedKey: string | undefined }) => string | undefined)
    | undefined;
  /** Open streams per key. @defaultValue none */
  max?: number | undefined;
  /** Streams opened per key within any 60 seconds. @defaultValue none */
  opensPerMinute?: number | undefined;
  /** Streams opened per key within any 3,600 seconds. @defaultValue none */
  opensPerHour?: number | undefined;
}

/**
 * Bounds of a router, counted in this process. At a limit the newcomer is refused, never a running stream evicted. A
 * refused stream counts in no rule.
 */
export interface LogStreamLimits {
  /** Most streams open at once; the next one gets 503 with `ERR_LOG_STREAM_LIMIT`. @defaultValue 10_000 */
  total?: number | undefined;
  /** Most pages being read at once; the next one gets 503 with `ERR_LOG_STREAM_LIMIT`. @defaultValue 100 */
  pages?: number | undefined;
  /**
   * Bounds per user, per workflow, or whatever their `key` returns. All hold at once.
   * @defaultValue none
   * @example
   * rules: [
   *   { name: 'workflow', key: (_req, { workspaceID, workflowID }) => `${workspaceID}/${workflowID}`, max: 10 },
   *   { name: 'user', opensPerMinute: 5, opensPerHour: 100 },
   * ]
   */
  rules?: readonly LogLimitRule[] | undefined;
}

/** Names one request, for observers: a frozen object of plain values without headers or query. */
export interface LogRequestInfo extends LogScope {
  /** Random, unique to this request: relates log lines to each other. */
  readonly id: string;
  /** The route's template. */
  readonly route: string;
  /** The key that `authorize` returned; undefined until it has, or if it returned none. */
  readonly key: string | undefined;
  /** True if the client came back with the id of an event. */
  readonly resumed: boolean;
}

/**
 * Why an open stream ended.
 *
 * - `browser-left`: the client closed its connection.
 * - `evicted`: the client took no byte for `maxStallMs`.
 * - `store-failed`: the store failed.
 * - `write-failed`: middleware that wraps the response threw or rejected.
 * - `draining`: `close()` was called.
 */
export type LogCloseReason = 'browser-left' | 'evicted' | 'store-failed' | 'write-failed' | 'draining';

/** Passed to {@link LogStreamObserver.onOpen}. */
export interface LogOpenContext {
  readonly stream: LogRequestInfo;
}

/** Passed to {@link LogStreamObserver.onRefuse}. */
export interface LogRefuseContext {
  /** The request that got no stream or no page. */
  readonly stream: LogRequestInfo;
  readonly error: LogStreamError;
  /** The HTTP status that was sent. */
  readonly status: number;
}

/** Passed to {@link LogStreamObserver.onGap}. */
export interface LogGapContext {
  readonly stream: LogRequestInfo;
  /** Why logs are missing. The README lists the reasons. */
  readonly reason: string;
}

/** Passed to {@link LogStreamObserver.onEvict}. */
export interface LogEvictContext {
  readonly stream: LogRequestInfo;
  /** Bytes that were buffered for the client. */
  readonly bufferedBytes: number;
}

/** Passed to {@link LogStreamObserver.onClose}. */
export interface LogCloseContext {
  readonly stream: LogRequestInfo;
  readonly reason: LogCloseReason;
  /** Time from `onOpen` to the end, in milliseconds. */
  readonly durationMs: number;
  /** Logs written. */
  readonly events: number;
  /** Bytes written, heartbeats included, HTTP framing excluded. */
  readonly bytes: number;
}

/**
 * Watches requests: for metrics, logs and audit. Each hook gets one frozen context object. The hooks of several observers
 * run in the order of the `observers` array. What a hook throws or rejects with is dropped. A hook runs synchronously: it
 * must not block.
 */
export interface LogStreamObserver {
  /** A stream opened: its headers are sent, no event yet. */
  onOpen?(context: LogOpenContext): void;
  /** A request for a stream or a page was refused, by an error with this status. */
  onRefuse?(context: LogRefuseContext): void;
  /** A stream was sent a gap event. */
  onGap?(context: LogGapContext): void;
  /** A client is disconnected because it takes no byte. Called before the `onClose` with reason `evicted`. */
  onEvict?(context: LogEvictContext): void;
  /** An open stream ended. Called exactly once for every `onOpen`. */
  onClose?(context: LogCloseContext): void;
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
  /**
   * Whether this client may read this workflow. Called once per request of a page or a stream, after the token was checked
   * and before the limits. What it throws, another result, or none within 10 seconds refuses the request with 503.
   * @defaultValue every client that has the token
   */
  authorize?: ((req: Request, scope: LogScope) => Authorization | PromiseLike<Authorization>) | undefined;
  /**
   * True: `/logs/stream` serves the logs of all workflows, in the schema of the proof of concept. Can't be combined with
   * `authorize`, which decides per workflow. @defaultValue false
   */
  demoRoute?: boolean | undefined;
  /** False: there are pages, but no streams; their routes respond 404. @defaultValue true */
  stream?: boolean | undefined;
  /** Milliseconds between two heartbeat comments on each stream, or false. @defaultValue 15_000 */
  heartbeatMs?: number | false | undefined;
  /** Milliseconds that a browser waits before it reconnects (`retry:`), or false to send none. @defaultValue 5_000 */
  retryMs?: number | false | undefined;
  limits?: LogStreamLimits | undefined;
  /**
   * Milliseconds without a subscriber taking any of the bytes that wait for it, or false. Then the stream is cut; the
   * browser resumes by id. A subscriber that takes bytes slowly but steadily is never cut.
   * @defaultValue 60_000
   */
  maxStallMs?: number | false | undefined;
  /**
   * Called once per Error object that the store rejects with, however many calls fail with it, and for an error of middleware that wraps a
   * response. @defaultValue `process.emitWarning`
   */
  onError?: ((error: Error) => void) | undefined;
  /** Watch requests. @defaultValue none */
  observers?: readonly LogStreamObserver[] | undefined;
}

/** A snapshot of a router's streams. */
export interface LogStreamStats {
  /** Open streams. */
  streams: number;
  /** Streams that receive new logs as they are appended. The others read older logs or wait for their socket. */
  atTip: number;
  /** Streams that wait for their subscriber to take bytes: the response's high-water mark is reached. */
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
