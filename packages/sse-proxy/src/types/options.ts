import type { Request } from 'express';
import type { Dispatcher } from 'undici';
import type { AuthorizedUser } from './authorization.ts';
import type { Awaitable } from './awaitable.ts';
import type { StreamLimiter, StreamLimits } from './limits.ts';
import type { SseObserver } from './observer.ts';
import type { ShareOptions } from './sharing.ts';
import type { SourceContext } from './source.ts';
import type { SseEvent, StreamContext } from './stream.ts';

/**
 * Bounds of what is buffered for a browser that reads slowly. Past the first two that browser is disconnected; past the
 * third, the one with the most buffered bytes. It reconnects by itself with its Last-Event-ID.
 */
export interface SlowClientOptions {
  /** Buffered bytes per browser. A single event may exceed it. @defaultValue 1_048_576 */
  maxBufferedBytes?: number;
  /** Milliseconds in which the browser reads none of its buffered bytes. @defaultValue 30_000 */
  maxStallMs?: number;
  /** Buffered bytes of all browsers together. @defaultValue 268_435_456 */
  maxTotalBytes?: number;
}

/**
 * How a lost upstream is resumed. Each wait is a random time between half of the backoff and all of it. The upstream's
 * `retry:` (up to `maxDelayMs`) and its Retry-After (up to five minutes) are lower bounds of a wait, and can make it
 * longer than `maxDelayMs`.
 */
export interface ResumeOptions {
  /** Backoff of the first attempt, in milliseconds. @defaultValue 500 */
  minDelayMs?: number;
  /**
   * Upper bound of the backoff, which doubles with each attempt, in milliseconds. At least `minDelayMs`.
   * @defaultValue 10_000
   */
  maxDelayMs?: number;
  /**
   * An outage that lasts longer ends the browsers' streams, in milliseconds; they reconnect by themselves.
   * @defaultValue 60_000
   */
  maxOutageMs?: number;
  /**
   * What follows a clean end of an upstream that sends ids. `'resume'`: it is requested again, no sooner than a
   * browser would. `'end'`: the browsers' streams end too. An upstream without ids always ends them, unless
   * `share.ids` is `'assign'`.
   * @defaultValue 'resume'
   */
  afterEnd?: 'resume' | 'end';
}

/**
 * How one route is proxied. Checked when the middleware is made: an unknown name or a wrong value throws
 * `ERR_SSE_OPTION`. `undefined` means "left out".
 */
export interface SseProxyOptions {
  /**
   * Where the events come from: an absolute http(s) URL without credentials. `:name` path segments of a string are
   * filled from `req.params`, encoded as one segment. A function is called once per request; a wrong result refuses it
   * with `ERR_SSE_OPTION`. Never let the function take the origin from the request. Either `target` or `source` is
   * required.
   */
  target?: string | URL | ((req: Request) => Awaitable<string | URL>);
  /**
   * Produces the events in this process, in place of a `target`. Everything else is as with an upstream: a call counts
   * in `limits.upstreams`; an error that it throws is a lost upstream, after which it is called again with the last id;
   * its return is a clean end. `next()` is not called while all browsers are too slow to be sent more.
   *
   * Called for each stream; with `share`, which then needs a `key`, once for all browsers with the same key, with the
   * request of one of them. May return a promise. If it throws or rejects before it has returned the iterable, or the
   * promise takes longer than `headersTimeoutMs`, the browser is refused softly, or as the code of an `SseProxyError`
   * demands.
   *
   * An event needs `data: string`; `id` and `event` are strings without CR, LF and NUL; `retry` is a whole number. The
   * `yield` of any other event throws `ERR_SSE_SOURCE_EVENT`, which names the field. Types that begin with `sse-proxy:`
   * are refused, except `sse-proxy:gap` without an id, by which a source reports that it lost events.
   *
   * Options that describe the request to a `target` are refused beside it, and `idleTimeoutMs` is off unless it is set.
   * @example
   * ```ts
   * sseProxy({
   *   source: async function* (req, { lastEventId, signal }) {
   *     for await (const { id, line } of logs.follow(req.params.workflowId, { after: lastEventId, signal })) {
   *       yield { id, data: line };
   *     }
   *   },
   * });
   * ```
   */
  source?: (req: Request, context: SourceContext) => Awaitable<AsyncIterable<SseEvent>>;
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
   * Names of query parameters that are forwarded, byte for byte; `true` for all. Names that `target` has itself are
   * not, nor is `lastEventId`, which goes up as Last-Event-ID.
   * @defaultValue none
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
   * `ERR_SSE_FORBIDDEN`. `{ key }` names the user for `limits.rules`, and `{ key, fields }` also what the stream is
   * about, for logs and audit. An empty key, or any other result, refuses with `ERR_SSE_HOOK`.
   * @defaultValue everybody
   * @example
   * ```ts
   * authorize: async (req) => {
   *   const { user } = req.session;
   *   if (!user) return false;
   *   const { workspace, workflow } = req.query;
   *   return { key: user.id, fields: { workspace, workflow }, allowed: await mayRead(user, workspace, workflow) };
   * },
   * ```
   */
  authorize?: (req: Request) => Awaitable<boolean | AuthorizedUser>;
  /**
   * How often `authorize` is called again while a stream is open, in milliseconds. Another key, a refusal or an error
   * ends the stream with reason `unauthorized`. `authorize` is passed the same request, with the `req.session` of its
   * start: reload the session in `authorize`, or a sign-out is not noticed. Needs `authorize`.
   * @defaultValue false
   */
  reauthorizeMs?: number | false;
  /**
   * Browsers for which the same request would go up (same URL, same header fields, Last-Event-ID and tracing aside)
   * share one upstream connection. A browser that returns gets what it missed. @defaultValue false
   */
  share?: boolean | ShareOptions;
  /**
   * Reconnects a lost upstream with the id of the last whole event; browsers notice only a pause. Where continuity
   * can't be proven, they get an `sse-proxy:gap` event. `false`: the browser's connection ends as the upstream's did.
   * @defaultValue true
   */
  resume?: boolean | ResumeOptions;
  /** A comment is sent after this long without a byte, in milliseconds. @defaultValue 15_000 */
  heartbeatMs?: number | false;
  /** The browser's reconnection time, sent as the first line of every stream, in milliseconds. @defaultValue 2_000 */
  retryMs?: number | false;
  /** Longest wait for the upstream's connection, DNS and TLS included, in milliseconds. @defaultValue 10_000 */
  connectTimeoutMs?: number;
  /**
   * Longest wait for the upstream's headers once connected, or for the promise of a `source`, in milliseconds.
   * @defaultValue 120_000
   */
  headersTimeoutMs?: number;
  /**
   * Opens the browser's stream this long after the upstream was connected, in milliseconds, even if the upstream's
   * headers have not arrived: many upstreams send them with the first event. At most `headersTimeoutMs`. Off with
   * `refuse: 'status'` and with `resume: false`. @defaultValue 3_000
   */
  openAfterMs?: number | false;
  /**
   * Longest silence of the upstream, in milliseconds; its comments count as life. If not set, it applies only to
   * upstreams that have sent an id or a comment, and to no `source`. @defaultValue 120_000
   */
  idleTimeoutMs?: number | false;
  /** Longest life of one stream, in milliseconds; the browser reconnects by itself. @defaultValue false */
  maxDurationMs?: number | false;
  /**
   * Longest wait for a result of `target`, `upstreamHeaders`, `authorize`, `share.key`, `share.transform`, a limiter or
   * `transform`, in milliseconds. @defaultValue 10_000
   */
  hookTimeoutMs?: number;
  /** Bounds for browsers that read slowly. */
  slowClient?: SlowClientOptions;
  /**
   * Largest event of the upstream, in bytes. A larger one is discarded, and a gap event (`event-too-large`) is sent in
   * its place.
   * @defaultValue 1_048_576
   */
  maxEventBytes?: number;
  /** Limits of open streams and upstream connections, or a limiter of your own. @defaultValue `{ total: 10_000 }` */
  limits?: StreamLimits | StreamLimiter;
  /**
   * How a browser that may come back is refused. `'soft'`: a 200 stream with `retry:`, an `sse-proxy:refused` event and
   * an end, since `EventSource` gives up for good on anything but 200. `'status'`: the status with Retry-After.
   * @defaultValue 'soft'
   */
  refuse?: 'soft' | 'status';
  /**
   * Other origins that may open the stream, compared byte for byte, such as `https://admin.example` or
   * `capacitor://localhost`. They get CORS headers, and responses to preflights.
   * @defaultValue none
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
   * Reports refused requests, failed streams and lost upstreams by `process.emitWarning`: type `SseProxyWarning`, with
   * the error's code. Each middleware (of `sseRouter`: each route) reports a code once in 60 seconds, with the number
   * of times it was held back, and never `ERR_SSE_DRAINING` or `ERR_SSE_UPSTREAM_NO_CONTENT`. `false` for applications
   * that log through an observer.
   * @defaultValue true
   */
  warnings?: boolean;
  /**
   * An undici dispatcher (version 7 or newer) for mTLS, HTTP/2 (`allowH2`), proxies or mocks. The caller closes it.
   * A dispatcher of undici 6 refuses the first request with `ERR_SSE_OPTION`. An upstream that sends 100 Continue
   * unasked is refused by undici itself; without this option that works.
   * @defaultValue one connection per stream
   */
  dispatcher?: Dispatcher;
  /**
   * `false` reads bodies through undici and writes through `res.write` only, to rule the faster paths out in a
   * search for a fault. The bytes are the same. @defaultValue true
   */
  fastPath?: boolean;
}
