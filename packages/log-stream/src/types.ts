import type { Request, Router } from 'express';
import type { LogStore } from './log-store.ts';
import type { LogScope, LogStreamObserver, LogStreamStats, OpenLogStream } from './observer.ts';

export type * from './observer.ts';

/**
 * Result of `authorize`.
 *
 * - `true` or `{ key }` admits; `key` identifies the user to the rules of `limits` and to observers.
 * - `false` and `403` refuse with 403, `401` with 401.
 * - `{ key, allowed: false }` refuses with 403, and passes the key to observers.
 * - `{ key, allowed: undefined }` refuses with 503, because a check that forgets to return must not admit.
 */
export type Authorization =
  | boolean
  | 401
  | 403
  | {
      /** Identifies the user to the rules of `limits` and to observers. Not empty. */
      readonly key: string;
      /** False refuses the request with 403; `undefined`, or another type, with 503. @defaultValue true */
      readonly allowed?: boolean;
    };

/** One rule of the limits. It needs at least one bound; each bound is a positive whole number. */
export interface LogLimitRule {
  /** Names the rule in errors and to observers. Unique, and not `total` or `pages`. */
  name: string;
  /**
   * What the rule counts by, such as the user or the workflow. Called once per stream, synchronously. `undefined`: the
   * rule does not apply to this stream. Another result or an exception refuses the stream with 503.
   * @defaultValue the key that `authorize` returns
   */
  key?:
    | ((
        req: Request,
        context: LogScope & {
          /** The key that `authorize` returned; undefined if it returned none. */
          readonly authorizedKey: string | undefined;
        },
      ) => string | undefined)
    | undefined;
  /** Open streams per key. @defaultValue none */
  max?: number | undefined;
  /** Streams opened per key within any 60 seconds. @defaultValue none */
  opensPerMinute?: number | undefined;
  /** Streams opened per key within any 3,600 seconds. @defaultValue none */
  opensPerHour?: number | undefined;
}

/**
 * Bounds of a router, counted in this process. At a limit the new stream is refused; a running stream is never evicted.
 * A refused stream counts in no rule.
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

/** Options of `logStreamRouter`. `undefined` means left out. */
export interface LogStreamOptions {
  /** The logs to serve. The router does not close it: close it after the router. */
  store: LogStore;
  /**
   * Bearer token that every request except `/healthz` and `/readyz` must carry: visible ASCII characters. `false`:
   * every client that reaches the port may read all logs. Left out: the same, with a process warning.
   */
  token?: string | false | undefined;
  /**
   * Whether this client may read this workflow. Called once per request of a page or a stream, after the token was
   * checked and before the limits. An exception, another result, or no result within 10 seconds refuses the request
   * with 503.
   * @defaultValue every client that has the token
   */
  authorize?: ((req: Request, scope: LogScope) => Authorization | PromiseLike<Authorization>) | undefined;
  /**
   * True: `/logs/stream` serves the logs of all workflows, in the schema of the proof of concept. Can't be combined
   * with `authorize`, which decides per workflow.
   * @defaultValue false
   */
  demoRoute?: boolean | undefined;
  /** False: there are pages, but no streams; their routes respond 404. @defaultValue true */
  stream?: boolean | undefined;
  /** Milliseconds between two heartbeat comments on each stream, or false. @defaultValue 15_000 */
  heartbeatMs?: number | false | undefined;
  /** Milliseconds that a browser waits before it reconnects (`retry:`), or false to send none. @defaultValue 5_000 */
  retryMs?: number | false | undefined;
  /** Bounds of streams and pages, in all and per key. @defaultValue `{ total: 10_000, pages: 100, rules: [] }` */
  limits?: LogStreamLimits | undefined;
  /**
   * Milliseconds after which a stream is cut whose subscriber has read none of the bytes that are buffered for it, or
   * false. The browser then resumes with its id. A subscriber that reads slowly but steadily is never cut.
   * @defaultValue 60_000
   */
  maxStallMs?: number | false | undefined;
  /**
   * Called for every failure of `authorize` or of a rule's `key`, for errors of middleware that wraps a response, and
   * once for each Error object that the store rejects with, however many calls reject with it.
   * @defaultValue `process.emitWarning`
   */
  onError?: ((error: Error) => void) | undefined;
  /** Observers of requests, called in this order. @defaultValue none */
  observers?: readonly LogStreamObserver[] | undefined;
}

/** An Express router that can be closed. */
export type LogStreamRouter = Router & {
  /**
   * Ends every stream after a whole event and responds 503 from now on. Resolves when all streams are closed. Leaves
   * the store open.
   */
  close(options?: {
    /** Milliseconds after which a stream is cut whose subscriber has not read everything. @defaultValue 1_000 */
    graceMs?: number;
  }): Promise<void>;
  /** Returns current figures; cheap enough to call at every scrape of metrics. */
  stats(): LogStreamStats;
  /** The streams that are open now, oldest first. */
  streams(): OpenLogStream[];
};
