import type { IncomingHttpHeaders } from 'node:http';
import type { SseProxyError } from '../errors.ts';
import { isSendableId } from '../http.ts';
import type { SpanReference } from '../types.ts';
import type { UpstreamConnection, UpstreamHandler, UpstreamRequest } from '../upstream/upstream.ts';
import type { FeedParts } from './feed-parts.ts';
import { type PendingConnect, renewToken } from './renew-token.ts';

/** The upstream request of a feed, at most one at a time: sends it with the cursor, pauses it, aborts it. */
export abstract class FeedRequest implements UpstreamHandler {
  protected readonly parts: FeedParts;
  /** Opens the browsers' responses before the upstream has responded; undefined for a resume. */
  protected openEarly: (() => void) | undefined;
  #connection: UpstreamConnection | undefined;
  #pending: PendingConnect | undefined;
  #earlyTimer: NodeJS.Timeout | undefined;
  #isPaused = false;

  constructor(parts: FeedParts) {
    this.parts = parts;
  }

  /** The id to resume from, as a byte string. Empty: none. */
  protected abstract get cursor(): string;
  /** True after {@link close}. */
  protected abstract isClosed: boolean;
  abstract onData(chunk: Buffer): void;
  abstract onComplete(): void;
  /** The response broke before its end. */
  protected abstract onBroken(error: SseProxyError): void;

  protected get isPaused(): boolean {
    return this.#isPaused;
  }

  /** True until the upstream has responded to the current request. */
  protected get isConnecting(): boolean {
    return this.#pending !== undefined;
  }

  /** The span of the current upstream request; undefined without a tracing agent. */
  get span(): SpanReference | undefined {
    return this.#connection?.span;
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
    if (this.isClosed) return;
    this.isClosed = true;
    clearTimeout(this.#earlyTimer);
    this.#connection?.abort();
  }

  /** Aborts the current request; another one may be sent. */
  protected abort(error: SseProxyError): void {
    this.#connection?.abort(error);
  }

  /** Sends a request that {@link FeedParts.prepare} made. */
  protected send(request: UpstreamRequest, pending: PendingConnect): void {
    if (!request.hasOwnAuthorization) return this.#open(request, pending);
    const { prepare, upstream } = this.parts;
    const open = (renewed: UpstreamRequest, renewedPending: PendingConnect) => {
      if (!this.isClosed) this.#open(renewed, renewedPending);
    };
    this.#open(request, renewToken(pending, { tokenBackoff: upstream.tokenBackoff, prepare, open }));
  }

  #open(request: UpstreamRequest, pending: PendingConnect): void {
    this.#pending = pending;
    // [spec] Last-Event-ID is sent as the bytes of the id.
    const { cursor } = this;
    const headers = cursor && isSendableId(cursor) ? [...request.headers, 'last-event-id', cursor] : request.headers;
    const connection = this.parts.upstream.open({ ...request, headers, isResume: !this.openEarly }, this);
    this.#connection = connection;
    // A dispatcher may respond within open(), before there was a connection to pause or to abort.
    if (this.#isPaused) connection.pause();
    if (this.isClosed) connection.abort();
  }

  onConnected(): void {
    const { openAfterMs } = this.parts.config;
    if (openAfterMs !== false && this.openEarly) this.#earlyTimer = setTimeout(this.openEarly, openAfterMs);
  }

  onHeaders(headers: IncomingHttpHeaders): void {
    const pending = this.#settle();
    if (this.#isPaused) this.#connection?.pause();
    pending?.onHeaders(headers);
  }

  onError(error: SseProxyError): void {
    const pending = this.#settle();
    if (pending) pending.onRefused(error);
    else this.onBroken(error);
  }

  #settle(): PendingConnect | undefined {
    const pending = this.#pending;
    this.#pending = undefined;
    clearTimeout(this.#earlyTimer);
    return pending;
  }
}
