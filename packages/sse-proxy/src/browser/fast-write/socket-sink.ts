import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { ResponseSink } from '../response-sink.ts';
import { type ChunkTransmitter, sendChunks, writeChunk } from './chunk-batch.ts';
import type { ChunkSink, SinkOwner } from './chunk-sink.ts';
import { isOpen, isUnwrapped } from './eligibility.ts';
import { kernelQueueBytes } from './kernel-queue.ts';

/** Writes framed chunks to the response's socket, batched with those of other responses; see eligibility.ts. */
export class SocketSink implements ChunkSink, ChunkTransmitter {
  readonly isShared: boolean;
  readonly #res: ServerResponse;
  readonly #socket: Socket;
  readonly #owner: SinkOwner;
  readonly #isEncrypted: boolean;
  /** Created when a middleware wraps `write` after the headers were sent; also ends the response. */
  #response: ResponseSink | undefined;
  #isFull = false;
  #isClosed = false;
  #onDrain: (() => void) | undefined;
  #lastBuffered = 0;
  #lastQueued = 0;

  constructor(res: ServerResponse, socket: Socket, owner: SinkOwner, isShared: boolean) {
    this.#res = res;
    this.#socket = socket;
    this.#owner = owner;
    this.isShared = isShared;
    this.#isEncrypted = 'encrypted' in socket;
  }

  get isFull(): boolean {
    return this.#socket.writableNeedDrain || (this.#response?.isFull ?? false);
  }

  get bufferedBytes(): number {
    return this.#response?.bufferedBytes ?? this.#socket.writableLength;
  }

  write(bytes: Buffer): void {
    if (isUnwrapped(this.#res, this.#socket)) return writeChunk(this, bytes);
    sendChunks();
    this.#throughResponse().write(bytes);
  }

  get retainsChunk(): boolean {
    return this.#isFull || this.#isEncrypted || this.#socket.writableCorked > 0;
  }

  transmit(chunk: Buffer): boolean {
    const socket = this.#socket;
    if (this.#isClosed || !isOpen(this.#res, socket)) return false;
    socket.write(chunk);
    const isRetained = socket.writableLength > 0;
    if (isRetained && socket.writableNeedDrain) this.#filled();
    return isRetained;
  }

  flush(): void {
    sendChunks();
    this.#response?.flush();
  }

  // One large write counts as buffered until its last byte has left, so the kernel's queue is compared too.
  tookBytes(): boolean {
    const buffered = this.bufferedBytes;
    const queued = kernelQueueBytes(this.#socket);
    const took = buffered < this.#lastBuffered || queued !== this.#lastQueued;
    this.#lastBuffered = buffered;
    this.#lastQueued = queued;
    return took;
  }

  end(bytes?: Buffer): void {
    sendChunks();
    this.#stop();
    this.#throughResponse().end(bytes);
  }

  close(): void {
    sendChunks();
    this.#stop();
    this.#response?.close();
  }

  #throughResponse(): ResponseSink {
    this.#response ??= new ResponseSink(this.#res, this.#owner);
    return this.#response;
  }

  #stop(): void {
    this.#isClosed = true;
    if (this.#onDrain) this.#socket.off('drain', this.#onDrain);
  }

  #filled(): void {
    if (this.#isFull) return;
    this.#isFull = true;
    if (!this.#onDrain) {
      this.#onDrain = () => this.#drained();
      this.#socket.on('drain', this.#onDrain);
    }
    this.#owner.onFull();
  }

  #drained(): void {
    this.#isFull = false;
    if (!this.isFull) this.#owner.onDrain();
  }
}
