import type { IncomingHttpHeaders } from 'node:http';
import { SseProxyError } from '../errors.ts';
import { isHeaderValue } from '../http.ts';
import type { HeartbeatMember } from '../lifecycle/heartbeat.ts';
import type { CloseReason } from '../types.ts';
import type { UpstreamConnection, UpstreamHandler, UpstreamRequest } from '../upstream/upstream.ts';
import type { FeedParts } from './feed-parts.ts';
import { ReconnectTimer } from './reconnect-timer.ts';

/** Callbacks for the response to one upstream request; exactly one of them is called. */
interface PendingConnect {
  readonly onHeaders: (headers: IncomingHttpHeaders) => void;
  readonly onRefused: (error: SseProxyError) => void;
}

/** The connection of a feed: connects, detects silence, reconnects with the cursor, gives up. */
export abstract class FeedConnection implements HeartbeatMember, UpstreamHandler {
  protected readonly parts: FeedParts;
  /** The id to resume from, as a byte string. Empty: none. */
  protected cursor: string;
  /** True once an event arrived on the current connection. */
  protected hasDelivered = false;
  /** Heartbeats since the upstream last sent anything. */
  protected quietBeats = 0;
  #connection: UpstreamConnection | undefined;
  #pending: PendingConnect | undefined;
  readonly #reconnectTimer = new ReconnectTimer();
  #isClosed = false;
  #isPaused = false;

  constructor(parts: FeedParts) {
    this.parts = parts;
    this.cursor = parts.cursor;
  }

  abstract onData(chunk: Buffer): void;
  /** The upstream's last `retry:`, in milliseconds. */
  protected abstract get retryMs(): number | undefined;
  /** True once the upstream has sent an id or a comment. */
  protected abstract get showsLife(): boolean;
  /** The connection is lost and will be reopened. */
  protected abstract onLost(): void;
  /** The upstream has accepted the request of a resume. */
  protected abstract onReconnected(attempts: number, outageMs: number): void;
  /** The feed has ended by itself. */
  protected abstract onFinished(reason: CloseReason, error: SseProxyError | undefined): void;

  /** True after {@link close}, or once the feed has ended by itself. */
  protected get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Begin and end of the current outage, or of the last one, in milliseconds since the epoch. */
  protected get outage(): { readonly from: number; readonly to: number } {
    return this.#reconnectTimer;
  }

  /** Sends the first request; resolves with the upstream's headers. Frames flow at once, unless the feed is paused. */
  connect(request: UpstreamRequest): Promise<IncomingHttpHeaders> {
    return new Promise((resolve, onRefused) => {
      const onHeaders = (headers: IncomingHttpHeaders) => {
        if (this.parts.config.idleTimeoutMs !== false) this.parts.heartbeat.add(this);
        resolve(headers);
      };
      this.#open(request, { onHeaders, onRefused });
    });
  }

  pause(): void {
    this.#isPaused = true;
    this.#connection?.pause();
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#connection?.resume();
  }

  /** Aborts the upstream request in whatever phase it is. The handler is not called any more. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.parts.heartbeat.remove(this);
    this.#reconnectTimer.stop();
    this.#connection?.abort();
  }

  #open(request: UpstreamRequest, pending: PendingConnect): void {
    this.#pending = pending;
    // [spec] Last-Event-ID is sent as the bytes of the id.
    const headers =
      this.cursor && isHeaderValue(this.cursor) ? [...request.headers, 'last-event-id', this.cursor] : request.headers;
    this.#connection = this.parts.upstream.open({ address: request.address, headers }, this);
  }

  onConnected(): void {}

  onHeaders(headers: IncomingHttpHeaders): void {
    const pending = this.#pending;
    this.#pending = undefined;
    this.quietBeats = 0;
    if (this.#isPaused) this.#connection?.pause();
    pending?.onHeaders(headers);
  }

  onComplete(): void {
    this.#lost('upstream-ended', undefined);
  }

  onError(error: SseProxyError): void {
    const pending = this.#pending;
    this.#pending = undefined;
    if (pending) pending.onRefused(error);
    else this.#lost('upstream-broken', error);
  }

  /** The connection is gone: reconnects, or ends the feed if `resume` is off. */
  #lost(reason: CloseReason, error: SseProxyError | undefined): void {
    if (this.#isClosed) return;
    const { resume } = this.parts.config;
    if (!resume) return this.finish(reason, error);
    this.onLost();
    this.#reconnectTimer.begin(this.hasDelivered, resume.maxOutageMs, () => this.#giveUp(error));
    this.hasDelivered = false;
    this.#retryLater();
  }

  // The upstream's `retry:` is meant for all clients, so `maxDelayMs` bounds it. A Retry-After is about this moment and
  // is used as it is.
  #retryLater(retryAfterMs = 0): void {
    const { resume } = this.parts.config;
    if (this.#isClosed || !resume) return;
    const floorMs = Math.max(retryAfterMs, Math.min(this.retryMs ?? 0, resume.maxDelayMs));
    this.#reconnectTimer.retryLater(resume, floorMs, () => void this.#retry());
  }

  #giveUp(cause: SseProxyError | undefined): void {
    const message = 'the upstream was away for longer than resume.maxOutageMs';
    this.finish('upstream-broken', new SseProxyError('ERR_SSE_UPSTREAM_BROKEN', { message, cause }));
  }

  async #retry(): Promise<void> {
    let request: UpstreamRequest;
    try {
      request = await this.parts.prepare();
    } catch {
      return this.#retryLater();
    }
    if (this.#isClosed) return;
    this.#open(request, {
      onHeaders: () => this.#resumed(),
      onRefused: (error) => {
        // After 204 or a 4xx the browser's own next request receives that status.
        const isFinal = error.code === 'ERR_SSE_UPSTREAM_NO_CONTENT' || error.code === 'ERR_SSE_UPSTREAM_REFUSED';
        if (isFinal) this.finish('upstream-refused', error);
        else this.#retryLater(error.retryAfterMs);
      },
    });
  }

  #resumed(): void {
    const outageMs = this.#reconnectTimer.end();
    this.onReconnected(this.#reconnectTimer.attempts, outageMs);
  }

  /** Measures the upstream's silence. A paused feed doesn't read, so its silence says nothing. */
  beat(): void {
    const { idleTimeoutMs, idleTimeoutIsSet } = this.parts.config;
    if (this.#isPaused || this.#reconnectTimer.isOn || idleTimeoutMs === false) return;
    if (!idleTimeoutIsSet && !this.showsLife) return;
    this.quietBeats++;
    if (this.quietBeats * this.parts.heartbeat.periodMs <= idleTimeoutMs) return;
    // Bytes may be pending in the socket after a stalled event loop: two more turns let them reset the count.
    setImmediate(() => setImmediate(() => this.#checkSilence()));
  }

  #checkSilence(): void {
    if (this.#isClosed || this.quietBeats === 0 || this.#reconnectTimer.isOn) return;
    this.#connection?.abort();
    const message = `nothing from the upstream for ${this.parts.config.idleTimeoutMs} ms`;
    this.#lost('upstream-idle', new SseProxyError('ERR_SSE_UPSTREAM_IDLE', { message }));
  }

  /** Ends the feed by itself. */
  protected finish(reason: CloseReason, error: SseProxyError | undefined): void {
    if (this.#isClosed) return;
    this.close();
    this.onFinished(reason, error);
  }
}
