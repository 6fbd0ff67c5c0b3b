import type { IncomingHttpHeaders } from 'node:http';
import type { Socket } from 'node:net';
import { fromUpstream, SseProxyError } from './errors.ts';
import { judgeAnswer } from './headers.ts';
import { startTimeout } from './timeout.ts';
import type { Dispatcher, UpstreamConnection, UpstreamEvents, UpstreamOptions, UpstreamRequest } from './upstream.ts';

const crlfBytes = 2;
const nothing = () => {};

// Ours, not undici's: undici's timeouts fire late (its clock ticks every 500 ms) and know no stalled event loop.
export const undiciTimeouts = { headersTimeout: 0, bodyTimeout: 0 };

/** One upstream request and its answer. An object with methods, as undici takes it too: there is one for each stream. */
export class Exchange implements UpstreamConnection, Dispatcher.DispatchHandler {
  /** What is this request's alone, and ends with it. */
  client: Dispatcher | undefined;
  socket: Socket | undefined;
  readonly #options: UpstreamOptions;
  readonly #count: { connections: number };
  readonly #events: UpstreamEvents;
  #phase: 'connect' | 'headers' | 'body' | 'over' = 'connect';
  #controller: Dispatcher.DispatchController | undefined;
  #aborting = false;
  #stopTimeout = nothing;
  /** What the read under way has brought so far. */
  #turn: Buffer[] | undefined;

  constructor(options: UpstreamOptions, count: { connections: number }, events: UpstreamEvents) {
    this.#options = options;
    this.#count = count;
    this.#events = events;
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

  pause(): void {
    this.#controller?.pause();
  }

  resume(): void {
    this.#controller?.resume();
  }

  abort(): void {
    if (this.#finish()) this.#stop();
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#aborting) return controller.abort(new Error('aborted'));
    if (this.#phase !== 'connect') return;
    this.#phase = 'headers';
    this.#expect('headers', this.#options.headersTimeoutMs);
  }

  onResponseStart(_: unknown, status: number, headers: IncomingHttpHeaders): void {
    if (status < 200 || this.#phase === 'over') return;
    this.#expectNothing();
    const error = judgeAnswer(status, headers);
    if (error) return this.#fail(error);
    this.#phase = 'body';
    this.#events.onHeaders(headers);
  }

  onResponseData(_: unknown, chunk: Buffer): void {
    if (this.#phase !== 'body') return;
    // Upstreams mostly send an event a chunk. Those that one read has brought go on as one, and leave in one write.
    const isLast = leftOfRead(chunk) <= crlfBytes;
    if (this.#turn) {
      this.#turn.push(chunk);
      if (isLast) this.#endTurn();
    } else if (isLast) this.#events.onData(chunk);
    else {
      this.#turn = [chunk];
      process.nextTick(() => this.#endTurn());
    }
  }

  onResponseEnd(): void {
    this.#endTurn();
    if (!this.#finish()) return;
    this.#destroy();
    this.#events.onEnd();
  }

  onResponseError(_: unknown, cause: unknown): void {
    this.#endTurn();
    if (this.#phase !== 'over') this.#fail(fromUpstream(cause, this.#phase));
  }

  #endTurn(): void {
    const chunks = this.#turn;
    this.#turn = undefined;
    if (chunks && this.#phase === 'body') this.#events.onData(Buffer.concat(chunks));
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
    this.#events.onError(error);
  }

  #finish(): boolean {
    if (this.#phase === 'over') return false;
    this.#phase = 'over';
    this.#count.connections--;
    this.#expectNothing();
    return true;
  }

  #stop(): void {
    this.#aborting = true;
    this.#controller?.abort(new SseProxyError('ERR_SSE_UPSTREAM_BROKEN', { message: 'aborted by the proxy' }));
    this.#destroy();
  }

  #destroy(): void {
    this.socket?.destroy();
    this.client?.destroy();
  }
}

/** How much the read that brought `chunk` has brought behind it. undici cuts chunks out of what it reads. */
function leftOfRead(chunk: Buffer): number {
  return chunk.buffer.byteLength - chunk.byteOffset - chunk.length;
}
