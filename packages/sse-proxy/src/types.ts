import type { Request, RequestHandler, Router } from 'express';
import type { Dispatcher } from 'undici';
import type { SseProxyError } from './errors.ts';

/** A value, or a promise of it. */
export type Awaitable<T> = T | PromiseLike<T>;

/** One event, as `transform` sees it. [spec] server-sent-events, "interpreting an event stream" */
export interface SseEvent {
  /** The event's id; absent if it has none. */
  id?: string;
  /** The event's type; absent means `message`. */
  event?: string;
  /** The data lines, joined by LF. */
  data: string;
  /** Reconnection time in milliseconds that came with the event. */
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
  /** The key that `authorize` or the limiter returned; undefined until it is known, or if there is none. */
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
  /** Bytes that wait for the browser in this process: how far it is behind. */
  readonly bufferedBytes: number;
}

/** Why a stream that had been opened is over. */
export type CloseReason =
  | 'browser-left'
  | 'upstream-ended'
  | 'upstream-broken'
  | 'upstream-idle'
  | 'upstream-refused'
  | 'event-too-large'
  | 'evicted'
  | 'max-duration'
  | 'unauthorized'
  | 'transform-failed'
  | 'draining';

/**
 * Why continuity can't be proven. `no-ids`: the upstream sent none, or none with its last events. `unusable-id`: the
 * last one can't be sent back. `ids-restarted`: after a resume, known ids came with other events. `unknown-id`: a
 * browser came back with an id that this proxy gave, but no longer holds.
 */
export type GapReason = 'no-ids' | 'unusable-id' | 'ids-restarted' | 'unknown-id';

/** Given to {@link SseObserver.onOpen}. */
export interface OpenContext {
  readonly stream: StreamInfo;
  /** From the browser's request to the upstream's headers, in milliseconds. */
  readonly waitedMs: number;
}

/** Given to {@link SseObserver.onClose}, once for every onOpen. */
export interface CloseContext {
  readonly stream: StreamInfo;
  readonly reason: CloseReason;
  /** What went wrong, if something did. */
  readonly error: SseProxyError | undefined;
  /** From onOpen, in milliseconds. */
  readonly durationMs: number;
  /** Upstream events written to the browser. */
  readonly events: number;
  /** Bytes written to the browser, heartbeats and our own events included, HTTP framing aside. */
  readonly bytes: number;
}

/** Given to {@link SseObserver.onRefuse}: a request that got no stream. */
export interface RefuseContext {
  readonly stream: StreamInfo;
  readonly error: SseProxyError;
  /** The HTTP status sent; 200 for a soft refusal. */
  readonly status: number;
  /** When the browser was told to come back, in milliseconds; undefined for "never". */
  readonly retryMs: number | undefined;
}

/** Given to {@link SseObserver.onEvict}: a browser was cut because it read too slowly. */
export interface EvictContext {
  readonly stream: StreamInfo;
  /** Which bound of `slowClient` was passed. */
  readonly bound: 'maxBufferedBytes' | 'maxStallMs' | 'maxTotalBytes';
  /** Bytes that waited for the browser. */
  readonly bufferedBytes: number;
}

/** Given to {@link SseObserver.onResume}: a lost upstream is back; once per upstream connection, however many browsers. */
export interface ResumeContext {
  /** The route's template. */
  readonly route: string;
  /** Attempts that it took. */
  readonly attempts: number;
  /** How long the upstream was away, in milliseconds. */
  readonly outageMs: number;
  /** Browsers that were waiting. */
  readonly browsers: number;
}

/** Given to {@link SseObserver.onGap}: browsers were told that events may be missing. */
export interface GapContext {
  /** The route's template. */
  readonly route: string;
  readonly reason: GapReason;
  /** Browsers that were told. */
  readonly browsers: number;
}

/** Given to {@link SseObserver.onError}, for every error with a code, before the onRefuse or onClose that it causes. */
export interface ErrorContext {
  readonly stream: StreamInfo;
  readonly error: SseProxyError;
}

/**
 * Watches streams: for metrics, logs, audit. Each hook gets one context object. What a hook throws, or rejects with,
 * is dropped: it cannot hurt a stream.
 */
export interface SseObserver {
  onOpen?(context: OpenContext): void;
  onClose?(context: CloseContext): void;
  onRefuse?(context: RefuseContext): void;
  onResume?(context: ResumeContext): void;
  onGap?(context: GapContext): void;
  onEvict?(context: EvictContext): void;
  onError?(context: ErrorContext): void;
}

/** What a {@link StreamLimiter} is asked. */
export interface LimitRequest {
  readonly req: Request;
  /** From `authorize`; undefined if it gave none. */
  readonly key: string | undefined;
  /** Aborted when the browser leaves while the limiter is still thinking. */
  readonly signal: AbortSignal;
}

/** A limiter's answer: a permit, whose `release` is called exactly once, or the limit that was reached. */
export type LimitAnswer =
  | { readonly ok: true; release(): void }
  | { readonly ok: false; readonly limit: 'total' | 'key' | 'rate'; readonly retryAfterMs?: number };

/** Counts open streams; implement it to count across instances. */
export interface StreamLimiter {
  acquire(request: LimitRequest): Awaitable<LimitAnswer>;
}

/** Limits of the built-in limiter; each is a positive whole number. */
export interface StreamLimits {
  /** Open streams of this middleware. @defaultValue 10_000 */
  total?: number;
  /** Open streams per key. Needs a key. */
  perKey?: number;
  /** Streams opened per key in any minute. Needs a key. */
  opensPerMinute?: number;
  /** The key, where `authorize` gives none. Never the bare IP: behind a proxy everyone has the same. */
  key?: (req: Request) => string;
}

/** Bounds of what may wait for a browser that reads slowly. Past them it is cut, and comes back with its id. */
export interface SlowClientOptions {
  /** Bytes that may wait. A single event always may. @defaultValue 1_048_576 */
  maxBufferedBytes?: number;
  /** Milliseconds without the browser taking anything that waits. @defaultValue 30_000 */
  maxStallMs?: number;
  /** Bytes that may wait for all browsers together; past it the one with the most is cut. @defaultValue 268_435_456 */
  maxTotalBytes?: number;
}

/** How a lost upstream is resumed, in milliseconds. Each wait is jittered; the upstream's `retry:` and Retry-After are its floor. */
export interface ResumeOptions {
  /** First wait. @defaultValue 500 */
  minDelayMs?: number;
  /** Longest wait; they double. @defaultValue 10_000 */
  maxDelayMs?: number;
  /** An outage that lasts longer ends the browsers' streams; they come back by themselves. @defaultValue 60_000 */
  maxOutageMs?: number;
}

/** What is kept for browsers that come back; whichever bound is reached first. */
export interface ReplayOptions {
  /** @defaultValue 10_000 */
  maxEvents?: number;
  /** @defaultValue 4_194_304 */
  maxBytes?: number;
  /** In milliseconds. @defaultValue 300_000 */
  maxAgeMs?: number;
}

/** How browsers share an upstream connection. */
export interface ShareOptions {
  /**
   * What browsers must have in common besides the upstream URL; replaces the header fields that go up. Refused while
   * users' credentials are forwarded: they would share what only one of them may see.
   */
  key?: (req: Request) => string;
  /**
   * `'assign'` gives every event an id of the proxy's own (`<epoch>-<offset>`), for an upstream that has none, so
   * that even then a browser's blip loses nothing. @defaultValue 'upstream'
   */
  ids?: 'upstream' | 'assign';
  /** What is kept for browsers that come back. */
  replay?: ReplayOptions;
  /** How long an upstream connection outlives its last browser, in milliseconds; 0 for not at all. @defaultValue 5_000 */
  lingerMs?: number;
}

/** How one route is proxied. Checked when the middleware is made: anything wrong throws `ERR_SSE_OPTION` there. */
export interface SseProxyOptions {
  /**
   * Where the events come from: an absolute http(s) URL without credentials. `:name` path segments of a string are
   * filled from `req.params`, encoded as one segment. A function is trusted to choose the origin: never let it
   * take one from the request.
   */
  target: string | URL | ((req: Request) => Awaitable<string | URL>);
  /**
   * Request headers that go up. Last-Event-ID always goes: it is the protocol. `x-forwarded-for`, `-host` and `-proto`
   * may be listed: they then say what Express' `trust proxy` makes of them, never what a browser claims.
   * @defaultValue `['authorization', 'accept-language', 'traceparent', 'tracestate', 'x-request-id']`
   */
  forwardHeaders?: string[];
  /** Cookies that go up, by name. @defaultValue none */
  forwardCookies?: string[];
  /** Query parameters that go up, by name, or `true` for all but `lastEventId`. @defaultValue none */
  forwardQuery?: string[] | true;
  /** Headers added for the upstream; they win over forwarded ones. A function is asked at every upstream connect. */
  upstreamHeaders?: Record<string, string> | ((req: Request) => Awaitable<Record<string, string>>);
  /** Says whether this browser may watch. `false`: 403. `{ key }` names it for the per-key limits. */
  authorize?: (req: Request) => Awaitable<boolean | { key: string }>;
  /** Asks `authorize` again this often while a stream lives and ends it on a no, in milliseconds. @defaultValue false */
  reauthorizeMs?: number | false;
  /**
   * Browsers for whom the upstream would get the same request (same URL, same header fields, Last-Event-ID and tracing
   * aside) share one upstream connection. One that comes back is replayed what it missed. @defaultValue false
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
  /** First line of every stream: the browser's reconnection time, in milliseconds. @defaultValue 2_000 */
  retryMs?: number | false;
  /** Longest wait for the upstream's connection, DNS and TLS included, in milliseconds. @defaultValue 10_000 */
  connectTimeoutMs?: number;
  /** Longest wait for the upstream's headers once connected, in milliseconds. @defaultValue 10_000 */
  headersTimeoutMs?: number;
  /**
   * Longest silence of the upstream, in milliseconds; its comments count as life. Left alone, it does not apply
   * to an upstream that never sent an id or a comment. @defaultValue 120_000
   */
  idleTimeoutMs?: number | false;
  /** Longest life of one stream, in milliseconds; the browser reconnects by itself. @defaultValue false */
  maxDurationMs?: number | false;
  /** Longest wait for any of the hooks (target, upstreamHeaders, authorize, a limiter, transform). @defaultValue 10_000 */
  hookTimeoutMs?: number;
  /** Bounds for browsers that read slowly. */
  slowClient?: SlowClientOptions;
  /** Largest event of the upstream, in bytes. @defaultValue 1_048_576 */
  maxEventBytes?: number;
  /** Limits of open streams, or a limiter of your own. @defaultValue `{ total: 10_000 }` */
  limits?: StreamLimits | StreamLimiter;
  /**
   * How "not now" is said. `'soft'`: a 200 stream with `retry:`, an `sse-proxy:refused` event and an end, since
   * `EventSource` gives up for good on anything but 200. `'status'`: by status, with Retry-After. @defaultValue 'soft'
   */
  refuse?: 'soft' | 'status';
  /** Origins besides our own that may open the stream, such as `https://admin.example`; they get CORS headers. @defaultValue none */
  allowOrigins?: string[];
  /**
   * Changes or drops (`null`) each event that has data. Without it bytes pass unchanged. An event's id should be kept:
   * it is the browser's cursor; a dropped event's id is sent on alone.
   */
  transform?: (event: SseEvent, stream: StreamContext) => SseEvent | null | PromiseLike<SseEvent | null>;
  /** Watch what happens. */
  observers?: SseObserver[];
  /** An undici dispatcher for mTLS, HTTP/2 (`allowH2`), proxies or mocks. Yours to close. @defaultValue one connection a stream */
  dispatcher?: Dispatcher;
}

/** Counters and gauges of one middleware. */
export interface SseProxyStats {
  /** Streams open now. */
  open: number;
  /** Requests being prepared: authorized, limited, connected. */
  opening: number;
  /** Streams opened since the middleware was made. */
  opened: number;
  /** Requests that got no stream. */
  refused: number;
  /** Browsers cut because they read too slowly. */
  evicted: number;
  /** Upstream events written. */
  events: number;
  /** Bytes written, HTTP framing aside. */
  bytes: number;
  /** Bytes that wait for slow browsers now. */
  bufferedBytes: number;
  /** Upstream requests under way now. */
  upstreamConnections: number;
  /** Shared feeds now, those included that linger after their last browser. */
  sharedFeeds: number;
  /** Age of the oldest open stream in milliseconds; 0 without one. */
  oldestMs: number;
  /** Whether `close()` was called. */
  draining: boolean;
}

/** How a middleware is ended. */
export interface CloseOptions {
  /** Ends are spread over this long, so that the browsers don't all come back at once, in milliseconds. @defaultValue 0 */
  graceMs?: number;
}

interface Closable {
  /**
   * Refuses new streams, ends the open ones, and resolves when all responses and upstream connections are closed: at most
   * one second after the grace time. May be called again.
   */
  close(options?: CloseOptions): Promise<void>;
  /** Counters and gauges. */
  stats(): SseProxyStats;
  /** The streams that are open now, oldest first. */
  streams(): OpenStream[];
}

/** What {@link sseProxy} returns. */
export type SseProxyHandler = RequestHandler & Closable;
/** What {@link sseRouter} returns; its `stats()` are the sums over its routes. */
export type SseProxyRouter = Router & Closable;
