import { EventEmitter } from 'node:events';
import type { Response } from 'express';
import { type ChunkedBytes, chunkSocket } from './chunked.ts';
import { StallDetector } from './stall-detector.ts';

/**
 * Why a stream ended.
 *
 * - `browser-left`: the subscriber closed its connection.
 * - `evicted`: the subscriber read no byte for `maxStallMs` while bytes were buffered for it.
 * - `store-failed`: the store failed.
 * - `write-failed`: middleware that wraps the response threw or rejected.
 * - `draining`: the router was closed.
 */
export type EndReason = 'browser-left' | 'evicted' | 'store-failed' | 'write-failed' | 'draining';

/** Called by a {@link ResponseWriter}. */
export interface WriterOwner {
  /** The subscriber read no byte for `maxStallMs`. It is disconnected next. */
  onEvict(bufferedBytes: number): void;
  /** Middleware that wraps the response failed. The subscriber is disconnected next. */
  onWriteError(error: unknown): void;
}

const keepAliveProbeMs = 60_000;

/** Writes to one response, and reports how many bytes are buffered for the subscriber. */
export class ResponseWriter {
  /** Bytes written, HTTP framing excluded. */
  bytes = 0;
  readonly #res: Response;
  readonly #owner: WriterOwner;
  readonly #stall: StallDetector;
  #endReason: EndReason | undefined;
  /** Resolves `drained`. */
  #onDrain: (() => void) | undefined;

  /** @param maxChecks calls of {@link check} without progress until the subscriber is disconnected */
  constructor(res: Response, maxChecks: number, owner: WriterOwner) {
    this.#res = res;
    this.#owner = owner;
    this.#stall = new StallDetector(res, maxChecks);
    if (res.destroyed || res.closed) this.#endReason = 'browser-left';
    on(res, 'close', () => {
      this.#endReason ??= 'browser-left';
      this.#onDrain?.();
    });
    // A reset connection also emits 'close'. Without a listener, its 'error' would end the process.
    on(res, 'error', () => {});
    // Detects subscribers that vanished while there was nothing to send. Not every Duplex that carries HTTP has this
    // method.
    res.socket?.setKeepAlive?.(true, keepAliveProbeMs);
  }

  /** False once the subscriber has left or the stream has ended. */
  get open(): boolean {
    return this.#endReason === undefined;
  }

  /** Why the stream ended; undefined while it is open. */
  get endReason(): EndReason | undefined {
    return this.#endReason;
  }

  /**
   * True while the subscriber must read before more is sent: at least the response's high-water mark is buffered, which
   * is 64 KiB by default. Read it in a later turn of the event loop than that of the last write: Node buffers the
   * writes of a turn until the turn ends, even for a subscriber that reads all of them.
   */
  get full(): boolean {
    return this.open && this.bufferedBytes >= this.#res.writableHighWaterMark;
  }

  /** Bytes that the kernel has not accepted yet, including those that a wrapper wrote to the socket. */
  get bufferedBytes(): number {
    return this.#res.writableLength;
  }

  /**
   * Writes the chunk in any case. What `res.write` returns is not used: middleware wraps it and returns anything [R41].
   */
  write(chunk: string | Buffer): void {
    if (!this.open) return;
    this.bytes += Buffer.byteLength(chunk);
    this.#call(() => this.#res.write(chunk));
  }

  /** As {@link write}, with bytes that several subscribers share. */
  writeBatch(batch: ChunkedBytes): void {
    // The first bytes pass through the response, which sends its headers before them.
    const socket = this.open && this.bytes > 0 ? chunkSocket(this.#res) : undefined;
    if (!socket) return this.write(batch.bytes);
    this.bytes += batch.bytes.length;
    socket.write(batch.chunk);
  }

  /** Resolves when the response is not full, or has closed. */
  async drained(): Promise<void> {
    while (this.full) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const { socket } = this.#res;
      // The response emits 'drain' only for what was written through it.
      const stop = [on(this.#res, 'drain', resolve), ...(socket ? [on(socket, 'drain', resolve)] : [])];
      this.#onDrain = resolve;
      await promise;
      this.#onDrain = undefined;
      for (const off of stop) off();
    }
  }

  /** Disconnects a subscriber that reads nothing. Call it periodically. */
  check(): void {
    if (this.#res.destroyed) return;
    // A wrapper may have lost the 'drain' event; `full` shows the state nevertheless.
    if (!this.full) this.#onDrain?.();
    this.#stall.check(() => {
      if (this.open) this.#owner.onEvict(this.bufferedBytes);
      this.destroy('evicted');
    });
  }

  /** Ends the response after everything that was written. */
  end(): void {
    this.#endReason ??= 'draining';
    this.#call(() => this.#res.end());
  }

  /** Breaks the connection at once; the browser resumes with the id of its last whole event. */
  destroy(reason: EndReason): void {
    this.#endReason ??= reason;
    this.#res.destroy();
  }

  #call(use: () => unknown): void {
    try {
      const returned = use();
      // A rejection without a handler would end the process [R45].
      if (returned instanceof Object && 'then' in returned) {
        Promise.resolve(returned).catch((error: unknown) => this.#fail(error));
      }
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    if (this.#res.destroyed) return;
    this.#owner.onWriteError(error);
    this.destroy('write-failed');
  }
}

/**
 * Adds a listener, bypassing a middleware's own `on`, which may add it to another stream. Returns a function that
 * removes it.
 */
function on(emitter: EventEmitter, event: string, listener: () => void): () => void {
  EventEmitter.prototype.on.call(emitter, event, listener);
  return () => void EventEmitter.prototype.off.call(emitter, event, listener);
}
