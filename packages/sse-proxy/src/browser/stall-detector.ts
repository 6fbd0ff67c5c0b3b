import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { http1SocketOf } from './connection.ts';
import type { ChunkSink } from './fast-write/chunk-sink.ts';
import { unacknowledgedBytes } from './unacknowledged.ts';

/** Distinguishes a browser that reads none of its buffered bytes from one that reads them slowly. */
export class StallDetector {
  readonly #res: ServerResponse;
  readonly #sink: ChunkSink;
  /** Ticks without progress after which the browser counts as stalled. */
  readonly #limit: number;
  #ticks = 0;
  /** Bytes that the browser had not acknowledged at the last measurement. */
  #unacknowledged: number | undefined;

  constructor(res: ServerResponse, sink: ChunkSink, limit: number) {
    this.#res = res;
    this.#sink = sink;
    this.#limit = limit;
  }

  /** Call when no bytes are buffered for the browser any more. */
  reset(): void {
    this.#ticks = 0;
  }

  /** Call on every tick while bytes are buffered. Calls `onStalled` asynchronously once the limit is exceeded. */
  check(onStalled: () => void): void {
    if (this.#sink.tookBytes()) {
      this.#ticks = 0;
      return;
    }
    this.#ticks++;
    if (this.#ticks === Math.ceil(this.#limit / 8)) void this.#measure();
    if (this.#ticks > this.#limit) void this.#confirm(onStalled);
  }

  // Asynchronous, so that a drain that is due is handled before the browser counts as stalled.
  async #confirm(onStalled: () => void): Promise<void> {
    const before = this.#unacknowledged;
    const now = await this.#measure();
    // Fewer: the browser has acknowledged bytes. More: the kernel has accepted further ones, which needs
    // acknowledgements.
    const hasMoved = before !== undefined && now !== undefined && now !== before;
    if (hasMoved || this.#sink.tookBytes() || this.#sink.bufferedBytes === 0) this.#ticks = 0;
    else if (this.#ticks > this.#limit) onStalled();
  }

  async #measure(): Promise<number | undefined> {
    const socket = http1SocketOf(this.#res) as Partial<Socket> | undefined;
    this.#unacknowledged = socket && (await unacknowledgedBytes(socket));
    return this.#unacknowledged;
  }
}
