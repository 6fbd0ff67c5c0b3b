import type { LogStreamError } from './errors.ts';

/**
 * The workflow of a request, decoded from its path. Both are undefined on the demo route, which serves all workflows.
 */
export interface LogScope {
  /** The workspace of the path. */
  readonly workspaceID: string | undefined;
  /** The workflow of the path. */
  readonly workflowID: string | undefined;
}

/** Names one request, for observers: a frozen object of plain values without headers or query. */
export interface LogRequestInfo extends LogScope {
  /** Random, unique to this request: relates log lines to each other. */
  readonly id: string;
  /** The route's template. */
  readonly route: string;
  /** The key that `authorize` returned; undefined until it has, or if it returned none. */
  readonly key: string | undefined;
  /** True if the client sent the id of an event, to resume after it. */
  readonly resumed: boolean;
}

/**
 * Why an open stream ended.
 *
 * - `browser-left`: the client closed its connection.
 * - `evicted`: the client read no byte for `maxStallMs`.
 * - `store-failed`: the store failed.
 * - `write-failed`: middleware that wraps the response threw or rejected.
 * - `draining`: `close()` was called.
 */
export type LogCloseReason = 'browser-left' | 'evicted' | 'store-failed' | 'write-failed' | 'draining';

/** One open stream, as `streams()` describes it: a frozen object of plain values. */
export interface OpenLogStream extends LogRequestInfo {
  /** When the stream was opened, as an ISO 8601 time. */
  readonly since: string;
  /** Logs written. */
  readonly events: number;
  /** Bytes written, HTTP framing excluded. */
  readonly bytes: number;
  /** Bytes that the kernel has not accepted yet. */
  readonly bufferedBytes: number;
  /** True while it is sent new logs as they are appended; false while it is sent older ones or its socket is full. */
  readonly atTip: boolean;
}

/** Passed to {@link LogStreamObserver.onAttach}. */
export interface LogAttachContext {
  /** Templates of the routes of streams and pages: values of {@link LogRequestInfo.route}. */
  readonly routes: readonly string[];
  /** Names of the limits: `total`, `pages` and those of `limits.rules`. */
  readonly rules: readonly string[];
  /** The current figures. */
  stats(): LogStreamStats;
  /** The streams that are open now, oldest first. */
  streams(): OpenLogStream[];
}

/** Passed to {@link LogStreamObserver.onOpen}. */
export interface LogOpenContext {
  /** The stream that opened. */
  readonly stream: LogRequestInfo;
  /** Time from the request to the open, in milliseconds. */
  readonly waitedMs: number;
  /** The first 16 hex digits of the SHA-256 of the client's Last-Event-ID; undefined if it sent none. */
  readonly lastEventIdHash: string | undefined;
}

/** Passed to {@link LogStreamObserver.onFirstEvent}. */
export interface LogFirstEventContext {
  /** The stream. */
  readonly stream: LogRequestInfo;
  /** Time from the request to its first log, in milliseconds. */
  readonly waitedMs: number;
}

/** One log as it was written to a stream. */
export interface LogEvent {
  /** The id of the event. */
  readonly id: string;
  /** The data: one line of JSON. */
  readonly data: string;
}

/** Passed to {@link LogStreamObserver.onEvent}. */
export interface LogEventContext {
  /** The stream. */
  readonly stream: LogRequestInfo;
  /** The log as it was written. Its id and its data may be secrets. */
  readonly event: LogEvent;
}

/** Passed to {@link LogStreamObserver.onArrive}. */
export interface LogArriveContext {
  /** Number of logs, in all workflows that were read together. */
  readonly logs: number;
  /** Time since the timestamp of the oldest of them, in milliseconds, by this process's clock. */
  readonly oldestAgeMs: number;
}

/** Passed to {@link LogStreamObserver.onRefuse}. */
export interface LogRefuseContext {
  /** The request that got no stream or no page. */
  readonly stream: LogRequestInfo;
  /** Why it was refused. */
  readonly error: LogStreamError;
  /** The HTTP status that was sent. */
  readonly status: number;
}

/** Passed to {@link LogStreamObserver.onGap}. */
export interface LogGapContext {
  /** The stream that was sent the gap event. */
  readonly stream: LogRequestInfo;
  /** Why logs are missing. The README lists the reasons. */
  readonly reason: string;
}

/** Passed to {@link LogStreamObserver.onEvict}. */
export interface LogEvictContext {
  /** The stream of the client that reads no byte. */
  readonly stream: LogRequestInfo;
  /** Bytes that were buffered for the client. */
  readonly bufferedBytes: number;
}

/** Passed to {@link LogStreamObserver.onClose}. */
export interface LogCloseContext {
  /** The stream that ended. */
  readonly stream: LogRequestInfo;
  /** Why it ended. */
  readonly reason: LogCloseReason;
  /** Time from `onOpen` to the end, in milliseconds. */
  readonly durationMs: number;
  /** Logs written. */
  readonly events: number;
  /** Bytes written, heartbeats included, HTTP framing excluded. */
  readonly bytes: number;
}

/**
 * Watches requests: for metrics, logs and audit. Each hook gets one frozen context object. The hooks of several
 * observers run in the order of the `observers` array. What a hook throws or rejects with is ignored. A hook runs
 * synchronously: it must not block.
 */
export interface LogStreamObserver {
  /** The router was created. Called once for each router that has this observer, before any other hook. */
  onAttach?(context: LogAttachContext): void;
  /** A stream opened: its headers are sent, no event yet. */
  onOpen?(context: LogOpenContext): void;
  /** The first log of a stream was written, or the gap in its place. Called at most once per stream, after `onOpen`. */
  onFirstEvent?(context: LogFirstEventContext): void;
  /**
   * A log was written to a stream. For debugging: if an observer has this hook, each log is parsed once for each
   * stream; otherwise none is.
   */
  onEvent?(context: LogEventContext): void;
  /** New logs were read for the streams at the newest log, and written to those whose filters they match. */
  onArrive?(context: LogArriveContext): void;
  /** A request for a stream or a page was refused, by an error with this status. */
  onRefuse?(context: LogRefuseContext): void;
  /** A stream was sent a gap event. */
  onGap?(context: LogGapContext): void;
  /** A client is disconnected because it reads no byte. Called before the `onClose` with reason `evicted`. */
  onEvict?(context: LogEvictContext): void;
  /** An open stream ended. Called exactly once for every `onOpen`. */
  onClose?(context: LogCloseContext): void;
}

/** A snapshot of a router's streams. */
export interface LogStreamStats {
  /** Open streams, including those that are being opened. */
  streams: number;
  /** Streams whose headers have not been sent. */
  opening: number;
  /** Counter: streams that were opened. */
  opened: number;
  /** Counter: requests for streams and pages that were refused. */
  refused: number;
  /** Counter: streams that were cut because their subscriber read no byte. */
  evicted: number;
  /** Counter: logs written to streams. */
  events: number;
  /** Counter: bytes written to streams, HTTP framing excluded. */
  bytes: number;
  /** Streams that are sent new logs as they are appended. The others are sent older logs, or their socket is full. */
  atTip: number;
  /** Streams whose subscriber must read before more is sent: the response's high-water mark is reached. */
  waiting: number;
  /** Bytes written to all streams that the kernel has not accepted yet. */
  bufferedBytes: number;
  /** Age of the oldest open stream, in milliseconds; 0 without one. */
  oldestMs: number;
  /** Logs that became visible in the database later than the store expects, since the store was opened. */
  lateDocuments: number;
  /** Counter: calls of the store that failed. */
  storeErrors: number;
  /** Whether `close()` was called. */
  draining: boolean;
}
