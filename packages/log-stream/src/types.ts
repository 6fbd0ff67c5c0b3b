import type { Request, Router } from 'express';
import type { LogStreamError } from './errors.ts';
import type { LogStore } from './log-store.ts';

/** The workflow of a request, decoded from its path. Both are undefined on the demo route, which serves all workflows. */
export interface LogScope {
  readonly workspaceID: string | undefined;
  readonly workflowID: string | undefined;
}

/**
 * Result of `authorize`: `true` or `{ key }` admits, and `key` names the user to the rules of `limits` and to observers.
 * `false` and `403` refuse with 403, `401` with 401. `{ key, allowed: false }` refuses with 403, and observers get to know who
 * was refused; `allowed: undefined` refuses with 503, since a check that forgets to return must not admit.
 */
export type Authorization = boolean | 401 | 403 | { readonly key: string; readonly allowed?: boolean };

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
  /** True while it receives new logs as they are appended; false while it reads older ones or waits for its socket. */
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
  readonly stream: LogRequestInfo;
  /** Time from the request to the open, in milliseconds. */
  readonly waitedMs: number;
  /** The first 16 hex digits of the SHA-256 of the Last-Event-ID that the client came back with; undefined if it sent none. */
  readonly lastEventIdHash: string | undefined;
}

/** Passed to {@link LogStreamObserver.onFirstEvent}. */
export interface LogFirstEventContext {
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
  readonly stream: LogRequestInfo;
  readonly event: LogEvent;
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
  /** The router was made. Called once for each router that has this observer, before any other hook. */
  onAttach?(context: LogAttachContext): void;
  /** A stream opened: its headers are sent, no event yet. */
  onOpen?(context: LogOpenContext): void;
  /** The first log of a stream was written, or the gap in its place. Called at most once per stream, after `onOpen`. */
  onFirstEvent?(context: LogFirstEventContext): void;
  /**
   * A log was written to a stream. For debugging: each log is then parsed once more for each stream. Without an observer that
   * has this hook, nothing is parsed.
   */
  onEvent?(context: LogEventContext): void;
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
  /** Open streams, those included that are being opened. */
  streams: number;
  /** Streams whose headers have not been sent. */
  opening: number;
  /** Counter: streams that were opened. */
  opened: number;
  /** Counter: requests for streams and pages that were refused. */
  refused: number;
  /** Counter: streams that were cut because their subscriber took no byte. */
  evicted: number;
  /** Counter: logs written to streams. */
  events: number;
  /** Counter: bytes written to streams, HTTP framing excluded. */
  bytes: number;
  /** Streams that receive new logs as they are appended. The others read older logs or wait for their socket. */
  atTip: number;
  /** Streams that wait for their subscriber to take bytes: the response's high-water mark is reached. */
  waiting: number;
  /** Bytes written to all streams that the kernel has not accepted yet. */
  bufferedBytes: number;
  /** Age of the oldest open stream, in milliseconds; 0 without one. */
  oldestMs: number;
  /** Logs that became visible in the database later than the store expects, since the store was opened. */
  lateDocuments: number;
  /** Whether `close()` was called. */
  draining: boolean;
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
  /** The streams that are open now, oldest first. */
  streams(): OpenLogStream[];
};
