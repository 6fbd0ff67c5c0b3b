import type { IncomingHttpHeaders } from 'node:http';
import type { Socket } from 'node:net';
import type { UpstreamAddress } from '../config/target.ts';
import { SseProxyError, type SseProxyErrorCode } from '../errors.ts';
import { runInRootContext } from '../lifecycle/async-context.ts';
import { startTimeout } from '../lifecycle/timeout.ts';
import type { SpanReference } from '../types.ts';
import type { BodyListener, BodySource } from './body-source.ts';
import { classifyResponse } from './classify-response.ts';
import { DispatcherBody } from './dispatcher-body.ts';
import { SocketBody } from './fast-body/socket-body.ts';
import { dispatchTraced, reportEnd, spanOf, type TracedRequest, takeErrors } from './tracing.ts';
import { fromUpstream, outdatedDispatcher } from './upstream-error.ts';
import type {
  Dispatcher,
  UpstreamConnection,
  UpstreamHandler,
  UpstreamOptions,
  UpstreamRequest,
} from './upstream-request.ts';

const nothing = () => {};

// Shared: undici reads `.stack` on abort and V8 formats it on first access, so one Error per abort would be costly.
// Tracing agents recognise an intended abort by this name.
const aborted = Object.assign(new Error('aborted by the proxy'), { name: 'AbortError', code: 'ABORT_ERR' });

/** Errors that a response's status reports: to a tracing agent the request itself has succeeded. */
const reportedByStatus: ReadonlySet<SseProxyErrorCode> = new Set([
  'ERR_SSE_UPSTREAM_NO_CONTENT',
  'ERR_SSE_UPSTREAM_BUSY',
  'ERR_SSE_UPSTREAM_REFUSED',
  'ERR_SSE_UPSTREAM_REDIRECT',
]);

// Our own timeouts replace undici's, whose clock ticks every 500 ms and counts a stalled event loop as a slow upstream.
export const undiciTimeouts = { headersTimeout: 0, bodyTimeout: 0 };

/** One upstream request and its response. Implements undici's DispatchHandler itself, to save one object per stream. */
export class UpstreamCall implements UpstreamConnection, Dispatcher.DispatchHandler, BodyListener {
  /** The undici client that serves only this request; destroyed with it. Undefined with a user's dispatcher. */
  client: Dispatcher | undefined;
  #socket: Socket | undefined;
  /** Reads the socket of {@link client}; undefined once undici reads the body, and with a user's dispatcher. */
  #socketBody: SocketBody | undefined;
  /** Undefined until the response was accepted. */
  #body: BodySource | undefined;
  #address: UpstreamAddress | undefined;
  readonly #options: UpstreamOptions;
  readonly #count: { connections: number };
  readonly #handler: UpstreamHandler;
  #phase: 'connect' | 'headers' | 'body' | 'over' = 'connect';
  #controller: Dispatcher.DispatchController | undefined;
  #isAborting = false;
  /** Undefined if no tracing agent observes the request. */
  #traced: TracedRequest | undefined;
  #stopTimeout = nothing;

  constructor(options: UpstreamOptions, count: { connections: number }, handler: UpstreamHandler) {
    this.#options = options;
    this.#count = count;
    this.#handler = handler;
    count.connections++;
  }

  /**
   * Sends the request in a microtask: a dispatcher may respond synchronously, before the caller has this connection.
   */
  send({ address, headers, run = runInRootContext }: UpstreamRequest, dispatcher: Dispatcher): void {
    this.#address = address;
    this.#expect('connection', this.#options.connectTimeoutMs);
    queueMicrotask(() => {
      if (this.#phase !== 'over') run(() => this.#dispatch(headers, dispatcher));
    });
  }

  #dispatch(headers: string[], dispatcher: Dispatcher): void {
    const options = { ...(this.#address as UpstreamAddress), method: 'GET', reset: true, ...undiciTimeouts } as const;
    const onTraced = (request: TracedRequest) => {
      this.#traced = request;
      if (this.client) takeErrors(request, (error) => this.onResponseError(undefined, error));
    };
    try {
      dispatchTraced(headers, (fields) => void dispatcher.dispatch({ ...options, headers: fields }, this), onTraced);
    } catch (cause) {
      this.onResponseError(undefined, cause);
    }
  }

  /** Makes the socket of {@link client}, which serves only this request. */
  connect(make: () => Socket): void {
    this.#socketBody = new SocketBody(this.#handler, this);
    this.#socket = this.#socketBody.attach(make);
  }

  get span(): SpanReference | undefined {
    return this.#traced && spanOf(this.#traced);
  }

  pause(): void {
    this.#body?.pause();
  }

  resume(): void {
    this.#body?.resume();
  }

  abort(fault?: SseProxyError): void {
    if (this.#finish()) this.#stop(fault);
  }

  /** Called only by dispatchers of undici 6, before a request is sent. */
  onConnect(abort: () => void): void {
    this.#fail(outdatedDispatcher());
    abort();
  }

  /** Called only by dispatchers of undici 6, also after an abort. */
  onError(cause: unknown): void {
    this.#fail(outdatedDispatcher(cause));
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#isAborting) return controller.abort(aborted);
    if (this.#phase !== 'connect') return;
    this.#phase = 'headers';
    this.#expect('headers', this.#options.headersTimeoutMs);
    this.#handler.onConnected();
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    if (status < 200 || this.#phase === 'over') return;
    this.#expectNothing();
    const error = classifyResponse(status, headers, this.#address as UpstreamAddress);
    if (error) return this.#fail(error);
    this.#phase = 'body';
    if (!this.#socketBody?.takeOver(headers, this.#options.fastPath !== false)) this.#socketBody = undefined;
    const body = this.#socketBody ?? new DispatcherBody(controller, this.#handler);
    this.#body = body;
    this.#handler.onHeaders(headers);
    body.start();
  }

  onResponseData(_: unknown, chunk: Buffer): void {
    if (this.#body instanceof DispatcherBody) this.#body.push(chunk);
  }

  onResponseEnd(): void {
    this.#drained(() => this.#end());
  }

  onResponseError(_: unknown, cause: unknown): void {
    this.#drained(() => {
      if (this.#phase !== 'over') this.#fail(fromUpstream(cause, this.#phase, this.#origin));
    });
  }

  onBodyEnd(): void {
    this.#end();
  }

  onBodyError(error: SseProxyError): void {
    this.#fail(error);
  }

  #drained(then: () => void): void {
    if (this.#body) this.#body.drained(then);
    else then();
  }

  #expect(what: string, ms: number): void {
    this.#expectNothing();
    this.#stopTimeout = startTimeout(ms, () => {
      const message = `upstream ${this.#origin}: no ${what} after ${ms} ms`;
      this.#fail(new SseProxyError('ERR_SSE_UPSTREAM_TIMEOUT', { message }));
    });
  }

  get #origin(): string {
    return this.#address?.origin ?? '';
  }

  #expectNothing(): void {
    this.#stopTimeout();
    this.#stopTimeout = nothing;
  }

  #fail(error: SseProxyError): void {
    if (!this.#finish()) return;
    this.#stop(reportedByStatus.has(error.code) ? undefined : error);
    this.#handler.onError(error);
  }

  #end(): void {
    if (!this.#finish()) return;
    this.#report(undefined);
    this.#destroy(aborted);
    this.#handler.onComplete();
  }

  /** Returns false if the call is already over. */
  #finish(): boolean {
    if (this.#phase === 'over') return false;
    this.#phase = 'over';
    this.#body?.close();
    this.#socketBody?.close();
    this.#count.connections--;
    this.#expectNothing();
    return true;
  }

  /** Reports the end to tracing agents. With a user's dispatcher, undici reports every failure, ours too. */
  #report(fault: SseProxyError | undefined): void {
    if (this.#traced && (this.client || !(fault || this.#traced.aborted))) reportEnd(this.#traced, fault);
  }

  #stop(fault: SseProxyError | undefined): void {
    this.#report(fault);
    const reason = fault ?? aborted;
    this.#isAborting = true;
    this.#controller?.abort(reason);
    this.#destroy(reason);
  }

  #destroy(reason: Error): void {
    this.#socket?.destroy();
    this.client?.destroy(reason);
  }
}
