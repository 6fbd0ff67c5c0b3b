import type { IncomingHttpHeaders } from 'node:http';
import type { Socket } from 'node:net';
import { SseProxyError } from '../errors.ts';
import { startTimeout } from '../lifecycle/timeout.ts';
import { classifyResponse } from './classify-response.ts';
import { BodyReader, type BodySink } from './fast-body/body-reader.ts';
import type { Dispatcher, UpstreamConnection, UpstreamHandler, UpstreamOptions, UpstreamRequest } from './upstream.ts';
import { fromUpstream } from './upstream-error.ts';

const nothing = () => {};

// One for all: undici and Node look at its stack, which is written down at the first look.
const aborted = new SseProxyError('ERR_SSE_UPSTREAM_BROKEN', { message: 'aborted by the proxy' });

// Ours, not undici's: undici's timeouts fire late (its clock ticks every 500 ms) and know no stalled event loop.
export const undiciTimeouts = { headersTimeout: 0, bodyTimeout: 0 };

/** One upstream request and its answer. An object with methods, as undici takes it too: there is one for each stream. */
export class UpstreamCall implements UpstreamConnection, Dispatcher.DispatchHandler, BodySink {
  /** What is this request's alone, and ends with it. */
  client: Dispatcher | undefined;
  #socket: Socket | undefined;
  /** Reads the body past undici; undefined where undici does it: on a dispatcher's socket, or without chunks. */
  #reader: BodyReader | undefined;
  readonly #options: UpstreamOptions;
  readonly #count: { connections: number };
  readonly #handler: UpstreamHandler;
  #phase: 'connect' | 'headers' | 'body' | 'over' = 'connect';
  #controller: Dispatcher.DispatchController | undefined;
  #aborting = false;
  #stopTimeout = nothing;
  /** What undici has brought so far in this turn. */
  #turn: Buffer[] | undefined;

  constructor(options: UpstreamOptions, count: { connections: number }, handler: UpstreamHandler) {
    this.#options = options;
    this.#count = count;
    this.#handler = handler;
    count.connections++;
  }

  send({ address, headers }: UpstreamRequest, dispatcher: Dispatcher): void {
    this.#expect('connection', this.#options.connectTimeoutMs);
    try {
      dispatcher.dispatch({ ...address, method: 'GET', headers, reset: true, ...undiciTimeouts }, this);
    } catch (cause) {
      queueMicrotask(() => this.onResponseError(undefined, cause));
    }
  }

  /** Makes the socket that this request is alone on. */
  connect(make: () => Socket): void {
    this.#reader = new BodyReader(this.#handler, this);
    this.#socket = this.#reader.attach(make);
  }

  pause(): void {
    (this.#reader ?? this.#controller)?.pause();
  }

  resume(): void {
    (this.#reader ?? this.#controller)?.resume();
  }

  abort(): void {
    if (this.#finish()) this.#stop();
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#aborting) return controller.abort(aborted);
    if (this.#phase !== 'connect') return;
    this.#phase = 'headers';
    this.#expect('headers', this.#options.headersTimeoutMs);
  }

  onResponseStart(_: unknown, status: number, headers: IncomingHttpHeaders): void {
    if (status < 200 || this.#phase === 'over') return;
    this.#expectNothing();
    const error = classifyResponse(status, headers);
    if (error) return this.#fail(error);
    this.#phase = 'body';
    if (!this.#reader?.takeOver(headers)) this.#reader = undefined;
    this.#handler.onHeaders(headers);
    this.#reader?.flow();
  }

  onBodyEnd(): void {
    this.#end();
  }

  onBodyError(error: SseProxyError): void {
    this.#fail(error);
  }

  onResponseData(_: unknown, chunk: Buffer): void {
    if (this.#phase !== 'body') return;
    // Upstreams mostly send an event a chunk. Those that one read has brought go on as one, and leave in one write.
    if (this.#turn) this.#turn.push(chunk);
    else {
      this.#turn = [chunk];
      process.nextTick(() => this.#endTurn());
    }
  }

  onResponseEnd(): void {
    this.#endTurn();
    this.#drained(() => this.#end());
  }

  onResponseError(_: unknown, cause: unknown): void {
    this.#endTurn();
    this.#drained(() => {
      if (this.#phase !== 'over') this.#fail(fromUpstream(cause, this.#phase));
    });
  }

  #drained(then: () => void): void {
    if (this.#reader) this.#reader.drained(then);
    else then();
  }

  #endTurn(): void {
    const chunks = this.#turn;
    this.#turn = undefined;
    if (!chunks || this.#phase !== 'body') return;
    this.#handler.onData(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks));
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

  #finish(): boolean {
    if (this.#phase === 'over') return false;
    this.#phase = 'over';
    this.#reader?.close();
    this.#count.connections--;
    this.#expectNothing();
    return true;
  }

  #stop(): void {
    this.#aborting = true;
    this.#controller?.abort(aborted);
    this.#destroy();
  }

  #destroy(): void {
    this.#socket?.destroy();
    this.client?.destroy();
  }
}
