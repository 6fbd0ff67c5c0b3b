import type { IncomingHttpHeaders } from 'node:http';
import type { Socket } from 'node:net';
import type { UpstreamAddress } from '../config/target.ts';
import { SseProxyError } from '../errors.ts';
import { startTimeout } from '../lifecycle/timeout.ts';
import type { BodyListener, BodySource } from './body-source.ts';
import { classifyResponse } from './classify-response.ts';
import { DispatcherBody } from './dispatcher-body.ts';
import { SocketBody } from './fast-body/socket-body.ts';
import type { Dispatcher, UpstreamConnection, UpstreamHandler, UpstreamOptions, UpstreamRequest } from './upstream.ts';
import { fromUpstream, outdatedDispatcher } from './upstream-error.ts';

const nothing = () => {};

// Shared: undici reads `.stack` on abort and V8 formats it on first access, so one Error per abort would be costly.
const aborted = new SseProxyError('ERR_SSE_UPSTREAM_BROKEN', { message: 'aborted by the proxy' });

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
  #stopTimeout = nothing;

  constructor(options: UpstreamOptions, count: { connections: number }, handler: UpstreamHandler) {
    this.#options = options;
    this.#count = count;
    this.#handler = handler;
    count.connections++;
  }

  /** Sends the request in a microtask: a dispatcher may respond synchronously, before the caller has this connection. */
  send({ address, headers }: UpstreamRequest, dispatcher: Dispatcher): void {
    this.#address = address;
    this.#expect('connection', this.#options.connectTimeoutMs);
    queueMicrotask(() => {
      if (this.#phase === 'over') return;
      try {
        dispatcher.dispatch({ ...address, method: 'GET', headers, reset: true, ...undiciTimeouts }, this);
      } catch (cause) {
        this.onResponseError(undefined, cause);
      }
    });
  }

  /** Makes the socket of {@link client}, which serves only this request. */
  connect(make: () => Socket): void {
    this.#socketBody = new SocketBody(this.#handler, this);
    this.#socket = this.#socketBody.attach(make);
  }

  pause(): void {
    this.#body?.pause();
  }

  resume(): void {
    this.#body?.resume();
  }

  abort(): void {
    if (this.#finish()) this.#stop();
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
      if (this.#phase !== 'over') this.#fail(fromUpstream(cause, this.#phase));
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
      this.#fail(new SseProxyError('ERR_SSE_UPSTREAM_TIMEOUT', { message: `no ${what} after ${ms} ms` }));
    });
  }

  #expectNothing(): void {
    this.#stopTimeout();
    this.#stopTimeout = nothing;
  }

  #fail(error: SseProxyError): void {
    if (!this.#finish()) return;
    this.#stop();
    this.#handler.onError(error);
  }

  #end(): void {
    if (!this.#finish()) return;
    this.#destroy();
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

  #stop(): void {
    this.#isAborting = true;
    this.#controller?.abort(aborted);
    this.#destroy();
  }

  #destroy(): void {
    this.#socket?.destroy();
    this.client?.destroy();
  }
}
