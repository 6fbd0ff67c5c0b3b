import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { Request, Response } from 'express';
import { sendChunks } from '../browser/fast-write/chunk-batch.ts';
import { Flow, type ResponseOwner } from '../browser/flow.ts';
import type { Outlet } from '../browser/outlet.ts';
import { refuse, retryTime } from '../browser/refusal.ts';
import { toBrowserHeaders } from '../browser/stream-headers.ts';
import { SseProxyError } from '../errors.ts';
import type { Subscription } from '../feed/subscription.ts';
import { notify } from '../hooks/observers.ts';
import type { HeartbeatMember } from '../lifecycle/heartbeat.ts';
import { type EndReason, Lifetime, type LifetimeOwner, StreamEnded } from '../lifecycle/lifetime.ts';
import { authorize, type Permit, releasePermit } from '../request/admission.ts';
import type { CloseReason, EvictContext } from '../types.ts';
import type { ProxyContext } from './proxy-context.ts';

const keepAliveProbeMs = 60_000;
const ignore = () => {};

/** One browser's stream, from its request to its end: joins a feed to an outlet and tells the observers. */
export class StreamSession implements ResponseOwner, HeartbeatMember, LifetimeOwner {
  readonly route: string;
  readonly req: Request;
  resumed = false;
  readonly lifetime = new Lifetime(this);
  key: string | undefined;
  /** What `authorize` gave: asked again, it has to give the same. */
  authorizedKey: string | undefined;
  /** Undefined until the upstream's headers are here. */
  outlet: Outlet | undefined;

  readonly #context: ProxyContext;
  readonly #res: Response;
  readonly #askedAt = performance.now();
  #openedAt = 0;
  #id: string | undefined;
  #permit: Permit | undefined;
  #subscription: Subscription | undefined;
  #error: SseProxyError | undefined;
  #ageBeats = 0;
  #checkedBeats = 0;
  #checking = false;

  constructor(context: ProxyContext, req: Request, res: Response) {
    this.#context = context;
    this.#res = res;
    this.req = req;
    this.route = (req.baseUrl ?? '') + (typeof req.route?.path === 'string' ? req.route.path : '');
    context.enter(this);
    res.on('close', () => {
      this.lifetime.end('browser-left');
      context.leave(this);
    });
    // A response's late errors (a reset while bytes wait) always come with its close, which is what counts.
    res.on('error', ignore);
  }

  /** Made when somebody asks. */
  get id(): string {
    this.#id ??= randomUUID();
    return this.#id;
  }

  /** Time since the stream was opened, in milliseconds. */
  get ageMs(): number {
    return this.outlet ? performance.now() - this.#openedAt : 0;
  }

  /** Has the permit until its end. */
  hold(permit: Permit): void {
    if (this.lifetime.ended) releasePermit(permit);
    else this.#permit = permit;
  }

  /** Has the subscription until its end. */
  follow(subscription: Subscription): void {
    if (this.lifetime.ended) subscription.close();
    else this.#subscription = subscription;
  }

  /** The upstream answered: sends the browser its headers and lets the events flow. */
  open(headers: IncomingHttpHeaders): void {
    this.#openedAt = performance.now();
    const { heartbeatMs } = this.#context.config;
    // Where heartbeats are sent more often, the kernel has never been idle for long enough to send a probe of its own.
    if (!heartbeatMs || heartbeatMs > keepAliveProbeMs) this.req.socket.setKeepAlive?.(true, keepAliveProbeMs);
    // Headers, retry time and what it missed leave in one write: when thousands come back at once, each write counts.
    const { socket } = this.#res;
    socket?.cork();
    try {
      this.#start(headers);
      sendChunks();
    } finally {
      socket?.uncork();
    }
  }

  #start(headers: IncomingHttpHeaders): void {
    const { config, heartbeat } = this.#context;
    const flow = new Flow(this, this.#res, config, heartbeat);
    this.outlet = flow;
    flow.open(toBrowserHeaders(headers));
    notify(config.observers, 'onOpen', { stream: this, waitedMs: this.#openedAt - this.#askedAt });
    this.#context.counters.opened++;
    if (config.maxDurationMs || config.reauthorizeMs) heartbeat.add(this);
    flow.start(this.#subscription as Subscription);
  }

  onEvict(bound: EvictContext['bound'], bufferedBytes: number): void {
    this.#context.counters.evicted++;
    notify(this.#context.config.observers, 'onEvict', { stream: this, bound, bufferedBytes });
    this.lifetime.end('evicted');
  }

  onEnd(reason: CloseReason, error: SseProxyError | undefined): void {
    if (error) this.#fail(reason, error);
    else this.lifetime.end(reason);
  }

  #fail(reason: CloseReason, error: SseProxyError): void {
    if (this.lifetime.ended) return;
    this.#error = error;
    notify(this.#context.config.observers, 'onError', { stream: this, error });
    this.lifetime.end(reason);
  }

  onLifetimeEnd(reason: EndReason): void {
    if (this.#permit) releasePermit(this.#permit);
    this.#subscription?.close();
    this.#context.heartbeat.remove(this);
    if (this.outlet) this.#close(reason as CloseReason, this.outlet);
  }

  #close(reason: CloseReason, outlet: Outlet): void {
    const { config } = this.#context;
    const soonMs = config.retryMs || retryTime();
    if (reason === 'upstream-ended') outlet.end();
    else if (reason === 'draining' || reason === 'unauthorized') outlet.endWith(reason, retryTime());
    else if (reason === 'max-duration' || reason === 'upstream-refused') outlet.endWith(reason, soonMs);
    else if (reason === 'upstream-broken' && config.resume)
      outlet.endWith(reason, retryTime(this.#error?.retryAfterMs));
    else outlet.destroy();
    const { events, bytes } = outlet;
    const durationMs = performance.now() - this.#openedAt;
    notify(config.observers, 'onClose', { stream: this, reason, error: this.#error, durationMs, events, bytes });
  }

  /** The request gets no stream. Nothing is sent to a browser that has left. */
  refuse(cause: unknown): void {
    if (this.lifetime.ended && this.lifetime.reason !== 'draining') return;
    if (this.outlet) return this.lifetime.end('upstream-broken');
    const error = this.#asError(cause);
    this.lifetime.end('refused');
    const { config, counters } = this.#context;
    counters.refused++;
    notify(config.observers, 'onError', { stream: this, error });
    const refusal = refuse(this.req, this.#res, error, config.refuse);
    notify(config.observers, 'onRefuse', { stream: this, error, ...refusal });
  }

  /** Breaks the browser's connection, whatever is still to be sent. */
  cut(): void {
    this.#res.destroy();
  }

  #asError(cause: unknown): SseProxyError {
    if (cause instanceof SseProxyError) return cause;
    if (cause instanceof StreamEnded) return new SseProxyError('ERR_SSE_DRAINING');
    return new SseProxyError('ERR_SSE_INTERNAL', { cause });
  }

  /** Bounds on the stream's life that need no exact moment. */
  beat(): void {
    const { config, heartbeat } = this.#context;
    this.#ageBeats++;
    if (config.maxDurationMs && this.#ageBeats * heartbeat.periodMs >= config.maxDurationMs) {
      return this.lifetime.end('max-duration');
    }
    if (!config.reauthorizeMs) return;
    // No beats are counted while an answer is awaited: a slow hook is not asked twice at once.
    if (this.#checking || ++this.#checkedBeats * heartbeat.periodMs < config.reauthorizeMs) return;
    this.#checkedBeats = 0;
    void this.#reauthorize();
  }

  // Anything but a clear yes for the same key ends the stream: the browser comes back and is asked from the start.
  async #reauthorize(): Promise<void> {
    this.#checking = true;
    try {
      const key = await authorize(this.req, this.#context.config, this.lifetime);
      if (key !== this.authorizedKey)
        throw new SseProxyError('ERR_SSE_FORBIDDEN', { message: 'authorize gave another key' });
    } catch (cause) {
      if (!this.lifetime.ended) this.#fail('unauthorized', this.#asError(cause));
    } finally {
      this.#checking = false;
    }
  }
}
