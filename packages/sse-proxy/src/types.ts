import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Request, RequestHandler, Router } from 'express';
import type { Dispatcher } from 'undici';
import type { SseProxyError } from './errors.ts';

/** A value, or a promise of it. */
export type Awaitable<T> = T | PromiseLike<T>;

/** One event, as `transform` gets and returns it. [spec] server-sent-events, "interpreting an event stream" */
export interface SseEvent {
  /** The event's id: the browser's next Last-Event-ID. Absent if the event has none. */
  id?: string;
  /** The event's type; absent means `message`. */
  event?: string;
  /** The data lines, joined by LF. */
  data: string;
  /** The reconnection time that the event carries, in milliseconds. */
  retry?: number;
}

/**
 * Names one browser's stream. A frozen object of plain values: printing it shows no header, and nothing in it can end
 * the stream.
 */
export interface StreamInfo {
  /** Random, unique to this stream: relates log lines to each other. */
  readonly id: string;
  /**
   * The option `name`, or else the route's template, such as `/logs/:workflowId/stream`: safe as a metric's label.
   * Express keeps no template of a path that `app.use` mounts, so parameters there appear with their values.
   */
  readonly route: string;
  /** `req.params`: the values of the route's parameters; empty outside of Express. */
  readonly params: Readonly<Record<string, string | readonly string[]>>;
  /** The key that `authorize` returned; undefined until it has, or if it returned none. */
  readonly key: string | undefined;
  /** True if the browser came back with a Last-Event-ID. */
  readonly resumed: boolean;
}

/** Passed to `transform`: also has the browser's request. */
export interface StreamContext extends StreamInfo {
  /** Holds credentials: never log it whole. */
  readonly req: Request;
}

/** One open stream, as `streams()` describes it: a frozen object of plain values. */
export interface OpenStream extends StreamInfo {
  /** When the stream was opened, as an ISO 8601 time. */
  readonly since: string;
  /** Upstream events written. */
  readonly events: number;
  /** Bytes written, HTTP framing excluded. */
  readonly bytes: number;
  /** Bytes buffered for the browser in this process: how far it is behind. */
  readonly bufferedBytes: number;
}

/**
 * Why an open stream ended.
 *
 * - `browser-left`: the browser closed its connection.
 * - `upstream-ended`: the upstream ended its response as its framing demands.
 * - `upstream-broken`: the upstream broke, and was not back within `resume.maxOutageMs` (at once with `resume: false`).
 * - `upstream-idle`: the upstream sent nothing for `idleTimeoutMs` (only with `resume: false`).
 * - `upstream-refused`: the upstream refused to resume, by 204 or a final 4xx.
 * - `refused-late`: after an early open, the request turned out to be refused.
 * - `evicted`: the browser read too slowly, see `slowClient`.
 * - `max-duration`: the stream reached `maxDurationMs`.
 * - `unauthorized`: `authorize`, called again after `reauthorizeMs`, did not confirm the stream.
 * - `transform-failed`: `transform` threw, rejected, took too long or returned no event.
 * - `hook-failed`: a function of yours failed for this browser when a shared feed connected; the others go on.
 * - `draining`: `close()` was called.
 */
export type CloseReason =
  | 'browser-left'
  | 'upstream-ended'
  | 'upstream-broken'
  | 'upstream-idle'
  | 'upstream-refused'
  | 'refused-late'
  | 'evicted'
  | 'max-duration'
  | 'unauthorized'
  | 'transform-failed'
  | 'hook-failed'
  | 'draining';

/**
 * Why continuity can't be proven.
 *
 * - `no-ids`: the upstream sent no ids, or none with its last events.
 * - `unusable-id`: the last id, or the id that a browser returned with, is too long or can't be a header value.
 * - `ids-restarted`: after a resume, known ids arrived with other events.
 * - `unknown-id`: a browser returned with an id of this proxy that is no longer retained.
 * - `event-too-large`: an event exceeded `maxEventBytes` and was discarded. Nothing else is missing.
 * - `unmatched`: a browser joined a shared feed later or during an outage, and its first events could not be matched with
 *   the live ones.
 * - `replay-too-long`: after a resume, the upstream repeated more than was recognised: events may have been sent twice.
 */
export type GapReason =
  | 'no-ids'
  | 'unusable-id'
  | 'ids-restarted'
  | 'unknown-id'
  | 'event-too-large'
  | 'replay-too-long'
  | 'unmatched';

/** Passed to {@link SseObserver.onOpen}. */
export interface OpenContext {
  /** The stream that opened. */
  readonly stream: StreamInfo;
  /** Time from the browser's request to the open, in milliseconds. */
  readonly waitedMs: number;
  /** True if the response was opened before the upstream had responded, after `openAfterMs`. */
  readonly early: boolean;
  /**
   * The first 16 hex digits of the SHA-256 of the Last-Event-ID that the browser came back with: an audit can compare
   * it without holding the id. Undefined if it sent none.
   */
  readonly lastEventIdHash: string | undefined;
}

/** Passed to {@link SseObserver.onClose}. */
export interface CloseContext {
  /** The stream that ended. */
  readonly stream: StreamInfo;
  /** Why it ended. */
  readonly reason: CloseReason;
  /** The error that ended it; undefined for an end without one. */
  readonly error: SseProxyError | undefined;
  /** Time from `onOpen` to the end, in milliseconds. */
  readonly durationMs: number;
  /** Upstream events written to the browser. */
  readonly events: number;
  /** Bytes written to the browser, heartbeats and the proxy's own events included, HTTP framing excluded. */
  readonly bytes: number;
}

/** Passed to {@link SseObserver.onRefuse}. */
export interface RefuseContext {
  /** The request that got no stream; its `id` is as unique as a stream's. */
  readonly stream: StreamInfo;
  /** Why it was refused. */
  readonly error: SseProxyError;
  /** The HTTP status that was sent; 200 for a soft refusal. */
  readonly status: number;
  /** The retry time that the browser was sent, in milliseconds; undefined if it was refused for good. */
  readonly retryMs: number | undefined;
}

/** Passed to {@link SseObserver.onEvict}. */
export interface EvictContext {
  /** The stream of the slow browser. */
  readonly stream: StreamInfo;
  /** The bound of `slowClient` that was exceeded. */
  readonly bound: 'maxBufferedBytes' | 'maxStallMs' | 'maxTotalBytes';
  /** Bytes that were buffered for the browser. */
  readonly bufferedBytes: number;
}

/** Passed to {@link SseObserver.onUpstreamLost}. */
export interface UpstreamLostContext {
  /** As {@link StreamInfo.route}. */
  readonly route: string;
  /** The stream whose upstream it is; undefined for a shared feed. */
  readonly stream: StreamInfo | undefined;
  /** What failed. */
  readonly error: SseProxyError;
  /** Upstream requests that have failed since the last event; 0 if an open connection broke. */
  readonly attempts: number;
  /** Browsers that are waiting for the upstream. */
  readonly browsers: number;
}

/** Passed to {@link SseObserver.onResume}. */
export interface ResumeContext {
  /** As {@link StreamInfo.route}. */
  readonly route: string;
  /** The stream whose upstream it is; undefined for a shared feed. */
  readonly stream: StreamInfo | undefined;
  /** Upstream requests until one succeeded. */
  readonly attempts: number;
  /** Time from the loss of the upstream to its new response, in milliseconds. */
  readonly outageMs: number;
  /** Browsers that were waiting. */
  readonly browsers: number;
}

/** Passed to {@link SseObserver.onGap}. */
export interface GapContext {
  /** As {@link StreamInfo.route}. */
  readonly route: string;
  /** The stream that got the gap event; undefined if all browsers of a shared feed got it. */
  readonly stream: StreamInfo | undefined;
  /** Why continuity can't be proven. */
  readonly reason: GapReason;
  /** Browsers that got the gap event. */
  readonly browsers: number;
}

/** Passed to {@link SseObserver.onError}. */
export interface ErrorContext {
  /** The stream, or the request that gets none. */
  readonly stream: StreamInfo;
  /** What failed. */
  readonly error: SseProxyError;
}

/**
 * Watches streams: for metrics, logs and audit. Each hook gets one context object. The hooks of several observers run
 * in the order of the `observers` array. What a hook throws or rejects with is dropped: it cannot hurt a stream.
 * A hook runs synchronously on the stream's path: it must not block.
 */
export interface SseObserver {
  /** A stream opened: its headers are sent, no event yet. Called once per stream, before any other hook but `onError`. */
  onOpen?(context: OpenContext): void;
  /** An open stream ended. Called exactly once for every `onOpen`, after the `onEvict` or `onError` of the same cause. */
  onClose?(context: CloseContext): void;
  /** A request got no stream: a refusal was sent. Not called for a request that was aborted before. */
  onRefuse?(context: RefuseContext): void;
  /**
   * An upstream was lost, and is to be resumed. Called when its connection breaks, and again when a reconnect fails with
   * another code than before; once per upstream connection, however many browsers share it.
   */
  onUpstreamLost?(context: UpstreamLostContext): void;
  /** A lost upstream is back. Called once per upstream connection, however many browsers share it. */
  onResume?(context: ResumeContext): void;
  /** Browsers were sent a gap event. Called once per feed and gap, before the events that follow the gap. */
  onGap?(context: GapContext): void;
  /** A browser is disconnected because it reads too slowly. Called before the `onClose` with reason `evicted`. */
  onEvict?(context: EvictContext): void;
  /** An error ended a stream or refused a request. Called before the `onClose` or `onRefuse` that it causes. */
  onError?(context: ErrorContext): void;
}

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

/** The result of {@link StreamLimiter.acquire}: a permit, or the limit that was reached. */
export type LimitResult =
  | {
      readonly ok: true;
      /** Called exactly once, when the stream has ended, whatever ended it. */
      release(): void;
    }
  | {
      readonly ok: false;
      /** The name of the rule that refuses: `total`, or the `name` of a {@link LimitRule}. Shown to operators. */
      readonly rule: string;
      /** Which bound of the rule was reached. */
      readonly kind: LimitKind;
      /** The earliest sensible return, in milliseconds. Left out: 5,000 to 10,000. */
      readonly retryAfterMs?: number;
    };

/** Counts open streams. Implement it to count across instances. */
export interface StreamLimiter {
  /** Most upstream connections at once; a positive whole number. @defaultValue 20_000 */
  readonly upstreams?: number;
  /**
   * Called once per request, after `authorize` and before any upstream request. What it throws or rejects with, or no
   * result within `hookTimeoutMs`, refuses the request with `ERR_SSE_HOOK` or `ERR_SSE_HOOK_TIMEOUT`. A permit that
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
   * rule does not apply to this request. What is no string, and what it throws, refuses the request with `ERR_SSE_HOOK`.
   * Behind a proxy the bare `req.ip` is the same for everybody unless Express' `trust proxy` is set; group IPv6
   * addresses with {@link clientSubnet}.
   * @defaultValue the key that `authorize` returns
   */
  key?: (req: Request, context: { authorizedKey: string | undefined }) => string | undefined;
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

/**
 * Bounds of what is buffered for a browser that reads slowly. Past the first two that browser is disconnected; past the
 * third, the one with the most buffered bytes. It reconnects by itself with its Last-Event-ID.
 */
export interface SlowClientOptions {
  /** Buffered bytes per browser. A single event may exceed it. @defaultValue 1_048_576 */
  maxBufferedBytes?: number;
  /** Milliseconds in which the browser takes none of its buffered bytes. @defaultValue 30_000 */
  maxStallMs?: number;
  /** Buffered bytes of all browsers together. @defaultValue 268_435_456 */
  maxTotalBytes?: number;
}

/**
 * How a lost upstream is resumed. Each wait is jittered; the upstream's `retry:` (up to `maxDelayMs`) and its
 * Retry-After are its lower bound.
 */
export interface ResumeOptions {
  /** First wait, in milliseconds. @defaultValue 500 */
  minDelayMs?: number;
  /** Longest wait, in milliseconds: each wait is twice the one before, up to this. At least `minDelayMs`. @defaultValue 10_000 */
  maxDelayMs?: number;
  /** An outage that lasts longer ends the browsers' streams, in milliseconds; they reconnect by themselves. @defaultValue 60_000 */
  maxOutageMs?: number;
  /**
   * What follows a clean end of an upstream that sends ids. `'resume'`: it is requested again, no sooner than a
   * browser would. `'end'`: the browsers' streams end too. An upstream without ids always ends them.
   * @defaultValue 'resume'
   */
  afterEnd?: 'resume' | 'end';
}

/** What a shared feed retains for browsers that return: until the first of these bounds is reached. */
export interface ReplayOptions {
  /**
   * Events. If it is over 10,000, at most one event is retained for each 128 bytes of `maxBytes`, since every event costs
   * memory besides its bytes.
   * @defaultValue 10_000
   */
  maxEvents?: number;
  /** Bytes of memory. @defaultValue 4_194_304 */
  maxBytes?: number;
  /** Age of an event, in milliseconds. @defaultValue 300_000 */
  maxAgeMs?: number;
}

/** How browsers share an upstream connection. */
export interface ShareOptions {
  /**
   * What browsers must have in common to share, besides the upstream URL and the forwarded header fields other than
   * `accept-language`, `x-forwarded-host` and `x-forwarded-proto`. Must return a string that is not empty. Refused with
   * `ERR_SSE_OPTION` while users' credentials are forwarded: browsers would share what only one of them may see.
   * @defaultValue all header fields that go up
   */
  key?: (req: Request) => string;
  /**
   * `'assign'` gives every event an id of the proxy's own (`<epoch>-<offset>`): for an upstream without ids, so that
   * a browser that reconnects loses nothing there either. @defaultValue 'upstream'
   */
  ids?: 'upstream' | 'assign';
  /**
   * How a browser without a Last-Event-ID joins a running feed. `'fresh'`: by an upstream request of its own, so that
   * it gets the snapshot or greeting that a new connection gets, and moves to the feed at the first event that both
   * have. `'live'`: it gets what the feed receives from now on. @defaultValue 'fresh'
   */
  join?: 'fresh' | 'live';
  /** What is retained for browsers that return. */
  replay?: ReplayOptions;
  /** How long an upstream connection outlives its last browser, in milliseconds; 0: not at all. @defaultValue 5_000 */
  lingerMs?: number;
}

/**
 * How one route is proxied. Checked when the middleware is made: an unknown name or a wrong value throws
 * `ERR_SSE_OPTION`. `undefined` is as good as left out.
 */
export interface SseProxyOptions {
  /**
   * Where the events come from: an absolute http(s) URL without credentials. `:name` path segments of a string are
   * filled from `req.params`, encoded as one segment. A function is called once per request; a wrong result refuses it
   * with `ERR_SSE_OPTION`. Never let the function take the origin from the request.
   */
  target: string | URL | ((req: Request) => Awaitable<string | URL>);
  /**
   * The route's name for observers and metrics: 1 to 200 printable characters.
   * @defaultValue the path template of the Express route; empty outside of Express
   */
  name?: string;
  /**
   * Names of request header fields that are forwarded. Last-Event-ID always is. `x-forwarded-for`, `-host` and `-proto`
   * carry what Express' `trust proxy` trusts, never what a browser claims; others of the family go up only if a trusted
   * proxy or an earlier middleware set them.
   * @defaultValue `['authorization', 'accept-language', 'traceparent', 'tracestate', 'x-request-id']`
   */
  forwardHeaders?: string[];
  /** Names of cookies that are forwarded. @defaultValue none */
  forwardCookies?: string[];
  /**
   * Names of query parameters that are forwarded, byte for byte; `true` for all. Names that `target` has itself are not,
   * nor is `lastEventId`, which goes up as Last-Event-ID. @defaultValue none
   */
  forwardQuery?: string[] | true;
  /**
   * Names of the upstream's response header fields that browsers get. Fields that would act on your origin (Set-Cookie,
   * Access-Control-* …) are refused. With `share` only names of the default: a header field of one upstream connection
   * must not reach all browsers.
   * @defaultValue `['x-request-id', 'server-timing', 'traceresponse']`
   */
  responseHeaders?: string[];
  /**
   * Header fields added to the upstream request; they replace forwarded ones. A function is called at every upstream
   * connect, so that tokens may expire; a wrong result refuses the request with `ERR_SSE_OPTION`. @defaultValue none
   */
  upstreamHeaders?: Record<string, string> | ((req: Request) => Awaitable<Record<string, string>>);
  /**
   * Whether this browser may have the stream. Called once per request, before the limits. `false` refuses with
   * `ERR_SSE_FORBIDDEN`. `{ key }` names the user for `limits.rules`; an empty key refuses with `ERR_SSE_HOOK`.
   * @defaultValue everybody
   */
  authorize?: (req: Request) => Awaitable<boolean | { key: string }>;
  /**
   * How often `authorize` is called again while a stream is open, in milliseconds. Any other result than the first
   * ends the stream with reason `unauthorized`. Needs `authorize`. @defaultValue false
   */
  reauthorizeMs?: number | false;
  /**
   * Browsers for which the same request would go up (same URL, same header fields, Last-Event-ID and tracing aside)
   * share one upstream connection. A browser that returns gets what it missed. @defaultValue false
   */
  share?: boolean | ShareOptions;
  /**
   * Reconnects a lost upstream with the id of the last whole event; the browsers notice a pause. Where continuity
   * can't be proven they get an `sse-proxy:gap` event. `false`: the browser's connection ends as the upstream's did.
   * @defaultValue true
   */
  resume?: boolean | ResumeOptions;
  /** A comment is sent after this long without a byte, in milliseconds. @defaultValue 15_000 */
  heartbeatMs?: number | false;
  /** The browser's reconnection time, sent as the first line of every stream, in milliseconds. @defaultValue 2_000 */
  retryMs?: number | false;
  /** Longest wait for the upstream's connection, DNS and TLS included, in milliseconds. @defaultValue 10_000 */
  connectTimeoutMs?: number;
  /** Longest wait for the upstream's headers once connected, in milliseconds. @defaultValue 120_000 */
  headersTimeoutMs?: number;
  /**
   * Opens the browser's stream this long after the upstream was connected, in milliseconds, even if the upstream's
   * headers have not arrived: many upstreams send them with the first event. At most `headersTimeoutMs`. Off with
   * `refuse: 'status'` and with `resume: false`. @defaultValue 3_000
   */
  openAfterMs?: number | false;
  /**
   * Longest silence of the upstream, in milliseconds; its comments count as life. If not set, it applies only to
   * upstreams that have sent an id or a comment. @defaultValue 120_000
   */
  idleTimeoutMs?: number | false;
  /** Longest life of one stream, in milliseconds; the browser reconnects by itself. @defaultValue false */
  maxDurationMs?: number | false;
  /**
   * Longest wait for a result of `target`, `upstreamHeaders`, `authorize`, `share.key`, a limiter or `transform`, in
   * milliseconds. @defaultValue 10_000
   */
  hookTimeoutMs?: number;
  /** Bounds for browsers that read slowly. */
  slowClient?: SlowClientOptions;
  /**
   * Largest event of the upstream, in bytes. A larger one is discarded, and a gap event (`event-too-large`) takes its place.
   * @defaultValue 1_048_576
   */
  maxEventBytes?: number;
  /** Limits of open streams and upstream connections, or a limiter of your own. @defaultValue `{ total: 10_000 }` */
  limits?: StreamLimits | StreamLimiter;
  /**
   * How "not now" is expressed. `'soft'`: a 200 stream with `retry:`, an `sse-proxy:refused` event and an end, since
   * `EventSource` gives up for good on anything but 200. `'status'`: the status with Retry-After. @defaultValue 'soft'
   */
  refuse?: 'soft' | 'status';
  /**
   * Other origins that may open the stream, compared byte for byte, such as `https://admin.example` or
   * `capacitor://localhost`. They get CORS headers, and answers to preflights. @defaultValue none
   */
  allowOrigins?: string[];
  /**
   * Changes or drops (`null`) each event that has data. Called once per event and browser, in order; the next event
   * is held back until a promise settles. A throw, a rejection or another result ends the stream with reason
   * `transform-failed`. Keep the event's id, the browser's cursor; the id of a dropped event is sent alone.
   * @defaultValue none: bytes pass unchanged
   */
  transform?: (event: SseEvent, stream: StreamContext) => SseEvent | null | PromiseLike<SseEvent | null>;
  /** Notified of what happens. @defaultValue none */
  observers?: SseObserver[];
  /**
   * Reports refused requests, failed streams and lost upstreams by `process.emitWarning`: type `SseProxyWarning`, with the
   * error's code. Each code is reported once in 60 seconds, with the number of times it was held back. `false` for
   * applications that log through an observer. @defaultValue true
   */
  warnings?: boolean;
  /**
   * An undici dispatcher (version 7 or newer) for mTLS, HTTP/2 (`allowH2`), proxies or mocks. The caller closes it.
   * One of undici 6 refuses the first request with `ERR_SSE_OPTION`. An upstream that sends 100 Continue unasked is
   * refused by undici itself; without this option that works. @defaultValue one connection per stream
   */
  dispatcher?: Dispatcher;
  /**
   * `false` reads bodies through undici and writes through `res.write` only, to rule the faster paths out in a
   * search for a fault. The bytes are the same. @defaultValue true
   */
  fastPath?: boolean;
}

/** Counters and gauges of one middleware. Counters start at 0 when it is made and never decrease. */
export interface SseProxyStats {
  /** Gauge: streams that are open. */
  open: number;
  /** Gauge: requests that are being authorized, limited or connected. */
  opening: number;
  /** Counter: streams that were opened. */
  opened: number;
  /** Counter: requests that were refused. */
  refused: number;
  /** Counter: browsers that were disconnected because they read too slowly. */
  evicted: number;
  /** Counter: upstream events written to browsers. */
  events: number;
  /** Counter: bytes written to browsers, heartbeats and the proxy's own events included, HTTP framing excluded. */
  bytes: number;
  /** Gauge: bytes buffered for slow browsers. */
  bufferedBytes: number;
  /** Gauge: upstream requests in progress, from DNS to the end of the body. */
  upstreamConnections: number;
  /** Gauge: shared feeds, including those that linger after their last browser. */
  sharedFeeds: number;
  /** Gauge: age of the oldest open stream, in milliseconds; 0 without one. */
  oldestMs: number;
  /** Whether `close()` was called. */
  draining: boolean;
}

/** Options of `close()`. */
export interface CloseOptions {
  /** Streams are ended at random moments within this time, so that browsers do not reconnect at once, in milliseconds. @defaultValue 0 */
  graceMs?: number;
}

interface Closable {
  /**
   * Refuses new streams softly, ends the open ones within `graceMs`, and resolves when all of them and all upstream
   * connections are closed, at most a second later. Rejects with `ERR_SSE_OPTION` for a wrong `graceMs`, and then closes
   * nothing. A second call waits for the same end.
   */
  close(options?: CloseOptions): Promise<void>;
  /** The current counters and gauges. */
  stats(): SseProxyStats;
  /** The streams that are open now, oldest first. */
  streams(): OpenStream[];
}

/** A handler as `http.createServer` accepts it. */
type NodeHandler = (req: IncomingMessage, res: ServerResponse) => void;

/** Returned by {@link sseProxy}: a handler for Express, and for whatever passes Node's own objects. */
export type SseProxyHandler = RequestHandler & NodeHandler & Closable;
/** Returned by {@link sseRouter}; its `stats()` are the sums over its routes. */
export type SseProxyRouter = Router & Closable;
