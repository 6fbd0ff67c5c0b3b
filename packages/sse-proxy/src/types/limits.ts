import type { Request } from 'express';
import type { Awaitable } from './awaitable.ts';

/** Passed to {@link StreamLimiter.acquire}. */
export interface LimitRequest {
  /** The browser's request. Holds credentials: never log it whole. */
  readonly req: Request;
  /** The key that `authorize` returned; undefined if it returned none. */
  readonly key: string | undefined;
  /** Aborted when the browser leaves while the limiter has not settled. */
  readonly signal: AbortSignal;
}

/**
 * What a limit bounds: `total` and `upstreams` as in {@link StreamLimits}, the others as in {@link LimitRule}.
 * A browser gets `ERR_SSE_LIMIT` for `total`, `ERR_SSE_LIMIT_UPSTREAMS` for `upstreams`, `ERR_SSE_LIMIT_RATE` for opens
 * within a time, `ERR_SSE_LIMIT_KEY` for `max`.
 */
export type LimitKind = 'total' | 'upstreams' | 'max' | 'opensPerMinute' | 'opensPerHour';

/** The right to one open stream. */
export interface LimitPermit {
  /** Distinguishes a permit from a refusal. */
  readonly ok: true;
  /** Called exactly once, when the stream has ended, whatever ended it. */
  release(): void;
}

/** The limit that was reached. */
export interface LimitRefusal {
  /** Distinguishes a refusal from a permit. */
  readonly ok: false;
  /** The name of the rule that refuses: `total`, or the `name` of a {@link LimitRule}. Shown to operators. */
  readonly rule: string;
  /** Which bound of the rule was reached. */
  readonly kind: LimitKind;
  /**
   * How long the browser should stay away at least, in milliseconds. The browser is sent a random time between the
   * larger of this and 5,000 and twice that; more than 300,000 counts as 300,000.
   * @defaultValue 5_000
   */
  readonly retryAfterMs?: number;
}

/** The result of {@link StreamLimiter.acquire}: a permit, or the limit that was reached. */
export type LimitResult = LimitPermit | LimitRefusal;

/** Counts open streams. Implement it to count across instances; {@link localLimiter} has parts for it. */
export interface StreamLimiter {
  /** Most upstream connections at once, of this process; a positive whole number. @defaultValue 20_000 */
  readonly upstreams?: number;
  /**
   * The rules by which it counts: metrics start the series of their names at 0, and a rule without a `key` requires the
   * option `authorize`.
   * @defaultValue none
   */
  readonly rules?: readonly RuleBounds[];
  /**
   * Called once per request, after `authorize` and before any upstream request. If it throws or rejects, the request is
   * refused with `ERR_SSE_HOOK`; without a result within `hookTimeoutMs`, with `ERR_SSE_HOOK_TIMEOUT`. A permit that
   * arrives after the browser has left is released at once.
   */
  acquire(request: LimitRequest): Awaitable<LimitResult>;
}

/** One rule of the built-in limiter. It needs at least one bound; each bound is a positive whole number. */
export interface LimitRule {
  /** Names the rule in errors, logs and metrics. Unique; not `total` or `upstreams`. */
  name: string;
  /**
   * What the rule counts by, such as the user or the workflow. Called once per request, synchronously. `undefined`: the
   * rule does not apply to this request. An empty string, a result of another type, or a throw refuses the request with
   * `ERR_SSE_HOOK`. Behind a proxy, `req.ip` is the same for all browsers unless Express' `trust proxy` is set; group
   * IPv6 addresses with {@link clientSubnet}.
   * @defaultValue the key that `authorize` returns
   */
  key?: (
    req: Request,
    context: {
      /** The key that `authorize` returned; undefined if it returned none. */
      authorizedKey: string | undefined;
    },
  ) => string | undefined;
  /** Open streams per key. @defaultValue none */
  max?: number;
  /** Streams opened per key within any 60 seconds. @defaultValue none */
  opensPerMinute?: number;
  /** Streams opened per key within any 3,600 seconds. @defaultValue none */
  opensPerHour?: number;
}

/**
 * Bounds of the built-in limiter, which counts in this process. At a limit the newcomer is refused, never a running
 * stream evicted. All `rules` hold at once; a refused request counts in none of them.
 */
export interface StreamLimits {
  /** Open streams of this middleware. @defaultValue 10_000 */
  total?: number;
  /**
   * Upstream connections of this middleware: dedicated and shared ones, those that linger, backfills and joins.
   * @defaultValue 2 × `total`
   */
  upstreams?: number;
  /**
   * Bounds per user, per workflow, or whatever their `key` returns.
   * @defaultValue none
   * @example
   * ```ts
   * rules: [
   *   { name: 'user', max: 10, opensPerMinute: 30 },
   *   { name: 'workflow', key: (req) => req.params.workflowId, max: 10, opensPerMinute: 5, opensPerHour: 100 },
   * ]
   * ```
   */
  rules?: LimitRule[];
  /** Short for the rule `{ name: 'perKey', max: perKey }`: open streams per key of `authorize`. @defaultValue none */
  perKey?: number;
}

/** A {@link LimitRule} that has been checked. What was left out is undefined. */
export interface RuleBounds {
  /** As in {@link LimitRule}. */
  readonly name: string;
  /** As in {@link LimitRule}; undefined: the key that `authorize` returns. */
  readonly key?: LimitRule['key'] | undefined;
  /** As in {@link LimitRule}; undefined: no bound. */
  readonly max?: number | undefined;
  /** As in {@link LimitRule}; undefined: no bound. */
  readonly opensPerMinute?: number | undefined;
  /** As in {@link LimitRule}; undefined: no bound. */
  readonly opensPerHour?: number | undefined;
}

/** What a request counts by: one key per rule, in the order of the rules; undefined where a rule does not apply. */
export type LimitKeys = readonly (string | undefined)[];

/**
 * The built-in limiter, returned by `localLimiter`. A limiter that counts elsewhere uses its parts: for the keys of a
 * request, and to count in this process while it can't count elsewhere.
 */
export interface LocalLimiter extends StreamLimiter {
  /** Most streams at once. */
  readonly total: number;
  /** Most upstream connections at once. */
  readonly upstreams: number;
  /** The rules, `perKey` included. */
  readonly rules: readonly RuleBounds[];
  /** `keysOf`, then `refusal`, then `enter`. Never a promise. */
  acquire(request: LimitRequest): LimitResult;
  /** Calls the rules' key functions. @throws SseProxyError `ERR_SSE_HOOK` if one of them throws or returns no string */
  keysOf(request: LimitRequest): LimitKeys;
  /** The limit that a stream with these keys would exceed; undefined if there is room. Counts nothing. */
  refusal(keys: LimitKeys): LimitRefusal | undefined;
  /** Counts a stream, even beyond a limit. */
  enter(keys: LimitKeys): LimitPermit;
}
