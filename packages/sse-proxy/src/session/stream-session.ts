import type { IncomingHttpHeaders } from 'node:http';
import type { Request, Response } from 'express';
import { breakOff, http1SocketOf, isClosed, onResponse, probeWhileIdle } from '../browser/connection.ts';
import { refuse } from '../browser/refusal.ts';
import { ResponseWriter } from '../browser/response-writer.ts';
import { toBrowserHeaders } from '../browser/stream-headers.ts';
import { TransformStep } from '../browser/transform-step.ts';
import { WatchedWriter, type WatchedWriterOwner } from '../browser/watched-writer.ts';
import { asProxyError, SseProxyError } from '../errors.ts';
import type { SubscriptionState } from '../feed/subscription.ts';
import { captureContext, type RunInContext } from '../lifecycle/async-context.ts';
import { type EndReason, Lifetime, type LifetimeOwner } from '../lifecycle/lifetime.ts';
import { gapBytes } from '../sse/events.ts';
import type { CloseReason, EvictContext, OpenStream, SseEvent } from '../types.ts';
import type { UpstreamRequest } from '../upstream/upstream.ts';
import { endResponse } from './end-response.ts';
import type { ProxyContext, TrackedStream } from './proxy-context.ts';
import { StreamHoldings } from './stream-holdings.ts';
import { StreamIdentity } from './stream-identity.ts';
import { StreamReports } from './stream-reports.ts';
import { TimeLimits } from './time-limits.ts';

const ignore = () => {};
const undescribed: SubscriptionState = {
  feed: undefined,
  upstream: 'open',
  outageMs: 0,
  behindEvents: 0,
  behindBytes: 0,
};

/** One browser's stream, from its request to its end: connects a subscription to a response and notifies observers. */
export class StreamSession implements TrackedStream, WatchedWriterOwner, LifetimeOwner {
  readonly req: Request;
  readonly identity: StreamIdentity;
  readonly reports: StreamReports;
  /** The browser sent a Last-Event-ID that can't be forwarded: its stream begins with a gap. */
  hasUnusableId = false;
  /** The browser's Last-Event-ID as a byte string; empty if it sent none that can be used. */
  lastEventId = '';
  readonly lifetime = new Lifetime(this);
  readonly holdings = new StreamHoldings(this.lifetime);
  /** Calls the user's functions in the context of the browser's request, whatever has led to the call. */
  readonly run: RunInContext = captureContext();
  /** The first request to the upstream, Last-Event-ID included; undefined once the upstream has responded. */
  upstreamRequest: UpstreamRequest | undefined;
  /** Undefined until the response is opened. */
  writer: ResponseWriter | undefined;

  readonly #context: ProxyContext;
  readonly #res: Response;
  readonly #requestedAt = performance.now();
  #openedAt = 0;
  #since = 0;
  /** Set before observers are notified, so that a `close()` called by one of them doesn't change the reason. */
  #closeReason: CloseReason | undefined;
  #error: SseProxyError | undefined;
  #timeLimits: TimeLimits | undefined;
  /** How long to wait before the upstream is requested again after its end, in milliseconds. */
  #notBeforeMs: number | undefined;

  /** The response must still be open: its 'close' event ends the stream. */
  constructor(context: ProxyContext, req: Request, res: Response) {
    this.#context = context;
    this.#res = res;
    this.req = req;
    this.identity = new StreamIdentity(req, context.config.name);
    this.reports = new StreamReports(context, this);
    context.enter(this);
    onResponse(res, 'close', () => this.#onClosed());
    // Errors of a response (a reset while bytes are buffered) are always followed by its 'close'.
    onResponse(res, 'error', ignore);
  }

  /** Ends a stream whose 'close' event did not reach it: middleware may remove listeners. */
  checkClosed(): void {
    if (isClosed(this.req, this.#res)) this.#onClosed();
  }

  #onClosed(): void {
    this.lifetime.end('browser-left');
    this.writer?.close();
    this.#context.leave(this);
  }

  /** Milliseconds since the stream was opened. */
  get ageMs(): number {
    return this.writer ? performance.now() - this.#openedAt : 0;
  }

  /** What `streams()` returns for this stream; undefined unless it is open. */
  describe(): OpenStream | undefined {
    const { writer, identity, lifetime } = this;
    if (!writer || lifetime.ended) return undefined;
    const { events, bytes, bufferedBytes } = writer;
    const since = new Date(this.#since).toISOString();
    const { outageMs: _, ...state } = this.holdings.subscription?.describe() ?? undescribed;
    const behindBytes = bufferedBytes + state.behindBytes;
    return Object.freeze({ ...identity.info, since, events, bytes, bufferedBytes, ...state, behindBytes });
  }

  /** Duration of the current outage of its upstream, in milliseconds; 0 without one. */
  get outageMs(): number {
    return this.holdings.subscription?.describe().outageMs ?? 0;
  }

  /**
   * Sends the response's headers and starts delivery. `headers` are the upstream's; undefined if the upstream has not
   * responded yet [R6].
   *
   * @throws whatever a middleware's wrapper of `writeHead` throws
   */
  open(headers: IncomingHttpHeaders | undefined): void {
    probeWhileIdle(this.#res, this.#context.config.heartbeatMs);
    const socket = http1SocketOf(this.#res);
    // Headers, retry time and replayed events leave in one write.
    socket?.cork();
    try {
      this.#start(headers);
      this.writer?.flush();
    } finally {
      socket?.uncork();
    }
  }

  #start(headers: IncomingHttpHeaders | undefined): void {
    const { config, ticker, counters } = this.#context;
    const writerParts = {
      owner: this,
      req: this.req,
      res: this.#res,
      headers: headers && toBrowserHeaders(headers, config.responseHeaders),
      config,
      ticker,
    };
    const writer = this.#context.watchesEvents ? new WatchedWriter(writerParts) : new ResponseWriter(writerParts);
    this.#openedAt = performance.now();
    this.#since = Date.now();
    this.writer = writer;
    counters.opened++;
    if (config.maxDurationMs || config.reauthorizeMs) this.#timeLimits = new TimeLimits(this, config, ticker);
    if (headers) this.upstreamRequest = undefined;
    const { subscription } = this.holdings;
    const sharedSpan = () => subscription?.sharedSpan;
    this.reports.onOpen(this.#openedAt - this.#requestedAt, headers === undefined, this.lastEventId, sharedSpan);
    // An observer may have ended the stream.
    if (!subscription || this.lifetime.ended) return;
    // start() passes the writer the stage to resume when it drains; events are delivered only from deliverTo() on.
    const { transform, hookTimeoutMs: timeoutMs } = config;
    if (!transform) {
      writer.start(subscription);
      if (this.#reportUnusableId(writer)) subscription.deliverTo(writer);
      return;
    }
    const parts = { transform, context: this.identity.context, lifetime: this.lifetime, timeoutMs };
    const step = new TransformStep(parts, writer, subscription);
    writer.start(step);
    if (this.#reportUnusableId(writer)) subscription.deliverTo(step);
  }

  /** Sends the gap of an unusable Last-Event-ID, if there was one. Returns false if an observer ended the stream. */
  #reportUnusableId(writer: ResponseWriter): boolean {
    if (!this.hasUnusableId) return true;
    const now = Date.now();
    const gap = { reason: 'unusable-id', from: now, to: now } as const;
    writer.onControlEvent(gapBytes(gap));
    this.reports.onGap(gap, 1);
    return !this.lifetime.ended;
  }

  onFirstEvent(): void {
    this.reports.notify('onFirstEvent', { waitedMs: performance.now() - this.#requestedAt });
  }

  onEvent(event: SseEvent): void {
    if (!this.lifetime.ended) this.reports.notify('onEvent', { event });
  }

  onEvict(bound: EvictContext['bound'], bufferedBytes: number): void {
    this.#closeReason ??= 'evicted';
    this.#context.counters.evicted++;
    this.reports.notify('onEvict', { bound, bufferedBytes });
    this.lifetime.end('evicted');
  }

  onEnd(reason: CloseReason, error: SseProxyError | undefined, notBeforeMs?: number): void {
    this.#notBeforeMs = notBeforeMs;
    if (error) this.#fail(reason, error);
    else this.lifetime.end(reason);
  }

  onWriteError(cause: unknown): void {
    this.#fail('browser-left', asProxyError(cause));
  }

  #fail(reason: CloseReason, error: SseProxyError): void {
    if (this.lifetime.ended) return;
    this.#closeReason ??= reason;
    this.#error = error;
    this.reports.onError('ended', error);
    this.lifetime.end(reason);
  }

  onLifetimeEnd(reason: EndReason): void {
    this.holdings.release();
    this.#timeLimits?.stop();
    if (this.writer) this.#close(this.#closeReason ?? (reason as CloseReason), this.writer);
  }

  #close(reason: CloseReason, writer: ResponseWriter): void {
    const { config, draining, lateRefusals } = this.#context;
    const error = this.#error;
    if (reason === 'refused-late' && error && !error.temporary && this.upstreamRequest)
      lateRefusals.add(this.upstreamRequest, error);
    endResponse(writer, { reason, error, notBeforeMs: this.#notBeforeMs }, config, draining);
    const { events, bytes } = writer;
    const durationMs = performance.now() - this.#openedAt;
    this.reports.notify('onClose', { reason, error, durationMs, events, bytes });
  }

  /** Refuses the request. Nothing is sent to a browser that has left. Never throws. */
  refuse(cause: unknown): void {
    if (this.lifetime.ended && this.lifetime.reason !== 'draining') return;
    if (this.writer) return this.#fail('upstream-broken', asProxyError(cause));
    // The stream can only have ended because the proxy is closing.
    const error = this.lifetime.ended ? new SseProxyError('ERR_SSE_DRAINING') : asProxyError(cause);
    this.lifetime.end('refused');
    const { config, counters } = this.#context;
    counters.refused++;
    this.reports.onError('refused', error);
    // Read here: an observer may have called close().
    const isDraining = this.#context.draining;
    const refusal = refuse(this.req, this.#res, error, { mode: config.refuse, isDraining });
    this.reports.notify('onRefuse', { error, ...refusal });
  }

  /** Breaks the browser's connection, whatever is still to be sent. */
  cut(): void {
    this.writer?.close();
    breakOff(this.#res);
  }
}
