import type { ServerResponse } from 'node:http';
import { onRejection } from '../hooks/wrapped-response.ts';
import { onResponse } from './connection.ts';
import type { ChunkSink, SinkOwner } from './fast-write/chunk-sink.ts';

// Also the default frame size of HTTP/2.
const sliceBytes = 16_384;

/**
 * Writes through `res.write`, whatever wraps it and whatever carries the response: HTTP/1, HTTP/2, TLS, any Duplex.
 *
 * Back pressure is read from the response's state, never from what `res.write` returns [R41]. Large writes are passed
 * on in slices, so that a browser which reads steadily can be distinguished from one that reads nothing, also where the
 * transport reports progress only per write.
 */
export class ResponseSink implements ChunkSink {
  readonly #res: ServerResponse;
  readonly #owner: SinkOwner;
  /** Slices that were not passed to `res.write` yet. */
  readonly #slices: Buffer[] = [];
  #slicedBytes = 0;
  #isEnding = false;
  #isClosed = false;
  #stopListening: (() => void) | undefined;
  #lastBuffered = 0;
  readonly #onError = (cause: unknown) => this.#owner.onSinkError(cause);

  constructor(res: ServerResponse, owner: SinkOwner) {
    this.#res = res;
    this.#owner = owner;
  }

  get isFull(): boolean {
    return this.#slices.length > 0 || this.#needsDrain;
  }

  get bufferedBytes(): number {
    return this.#slicedBytes + this.#res.writableLength;
  }

  // The flag alone is not enough: Node leaves it set if a corked response is flushed into an empty socket.
  get #needsDrain(): boolean {
    const { writableNeedDrain, writableLength, writableHighWaterMark } = this.#res;
    return (writableNeedDrain ?? writableLength >= writableHighWaterMark) && writableLength > 0;
  }

  write(bytes: Buffer): void {
    // The response retains the buffer until it has been sent.
    const copy = Buffer.from(bytes);
    if (this.#slices.length > 0 || copy.length > sliceBytes) this.#enqueue(copy);
    else this.#send(copy);
    if (this.isFull) this.#filled();
  }

  flush(): void {
    this.#sendSlices();
  }

  tookBytes(): boolean {
    const buffered = this.bufferedBytes;
    const took = buffered < this.#lastBuffered;
    this.#lastBuffered = buffered;
    return took;
  }

  end(bytes?: Buffer): void {
    this.#isEnding = true;
    if (bytes) this.#enqueue(bytes);
    else this.#sendSlices();
  }

  close(): void {
    this.#isClosed = true;
    this.#slices.length = 0;
    this.#slicedBytes = 0;
    this.#stopListening?.();
  }

  #enqueue(bytes: Buffer): void {
    for (let start = 0; start < bytes.length; start += sliceBytes) {
      this.#slices.push(bytes.subarray(start, start + sliceBytes));
    }
    this.#slicedBytes += bytes.length;
    this.#sendSlices();
  }

  #sendSlices(): void {
    while (this.#slices.length > 0 && !this.#needsDrain) {
      const slice = this.#slices.shift() as Buffer;
      this.#slicedBytes -= slice.length;
      this.#send(slice);
    }
    if (this.#slices.length > 0) this.#filled();
    else if (this.#isEnding && !this.#isClosed) this.#endResponse();
  }

  #send(bytes: Buffer): void {
    try {
      onRejection(this.#res.write(bytes), this.#onError);
    } catch (cause) {
      this.#onError(cause);
    }
  }

  #endResponse(): void {
    this.close();
    try {
      onRejection(this.#res.end(), this.#onError);
    } catch (cause) {
      this.#onError(cause);
    }
  }

  #filled(): void {
    if (this.#isClosed) return;
    this.#stopListening ??= onResponse(this.#res, 'drain', () => this.#drained());
    this.#owner.onFull();
  }

  #drained(): void {
    this.#sendSlices();
    if (!this.isFull && !this.#isEnding) this.#owner.onDrain();
  }
}
