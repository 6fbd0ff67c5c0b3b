import type { IncomingHttpHeaders } from 'node:http';
import type { Socket } from 'node:net';
import type { SseProxyError } from '../../errors.ts';
import type { UpstreamHandler } from '../upstream.ts';
import { ChunkedDecoder } from './chunked-decoder.ts';
import { type BatchConsumer, ReadBatch } from './read-batch.ts';
import { ResponseHeadScanner } from './response-head.ts';

/*
 * undici reads a socket through Node's streams, and each event costs it a buffer, two turns of the stream machinery
 * and a pass through its parser: about as much as the kernel charges for the event. So undici sends the request and
 * parses the answer's head; the body, if it is chunked, goes past both of them. Every read lands in the same memory
 * (`onread`, an option of net.connect), is decoded in place and handed on at once.
 *
 * undici then sees a body that has not begun: which ends, for it too, when the socket does.
 */

/** Told how the body ends. */
export interface BodySink {
  /** The body is complete. */
  onBodyEnd(): void;
  /** The body can't be understood any further. */
  onBodyError(error: SseProxyError): void;
}

const readBytes = 65_536;
/** Nothing is read while so much waits. */
const maxHeldBytes = 65_536;
const nothing = () => true;

/**
 * Option of net.connect and tls.connect, which read it as they make the socket: `callback` is set right before.
 * The memory is everybody's; what a read has brought is used up before the next one.
 */
export const onread = { buffer: Buffer.allocUnsafeSlow(readBytes), callback: nothing as (bytes: number) => boolean };

const batch = new ReadBatch();

/** Reads one upstream socket: its head for undici, its body in undici's place. */
export class BodyReader implements BatchConsumer {
  readonly #handler: Pick<UpstreamHandler, 'onData'>;
  readonly #sink: BodySink;
  readonly #decoder = new ChunkedDecoder();
  /** Until the head is through. */
  #head: ResponseHeadScanner | undefined = new ResponseHeadScanner();
  #socket: Socket | undefined;
  /** Whose the bytes are: the head is undici's; `held` until it has been parsed; the body is ours, or all is undici's. */
  #phase: 'head' | 'held' | 'body' | 'undici' | 'over' = 'head';
  #paused = false;
  /** Reads that wait in the batch. */
  #batched = 0;
  /** What waits to be handed on: for the head, or for a pause to end. */
  readonly #held: Buffer[] = [];
  #heldBytes = 0;
  #isStopped = false;
  #onDrained: (() => void) | undefined;

  constructor(handler: Pick<UpstreamHandler, 'onData'>, sink: BodySink) {
    this.#handler = handler;
    this.#sink = sink;
  }

  /** Makes the socket; `connect` has to do so at once. */
  attach(connect: () => Socket): Socket {
    onread.callback = this.#read.bind(this);
    try {
      this.#socket = connect();
      return this.#socket;
    } finally {
      onread.callback = nothing;
    }
  }

  /** The answer's head is parsed, and the answer is wanted. Says whether its body is read here; `flow` lets it come. */
  takeOver(headers: IncomingHttpHeaders): boolean {
    const coding = String(headers['transfer-encoding']).trim().toLowerCase();
    const takes = this.#phase === 'held' && coding === 'chunked';
    this.#phase = takes ? 'body' : 'undici';
    if (!takes) for (const bytes of this.#held.splice(0)) this.#push(bytes);
    return takes;
  }

  /** Calls `then` once all that was read has been handed on: the socket's end may be known before. */
  drained(then: () => void): void {
    if (this.#phase === 'body' && (this.#held.length > 0 || this.#batched > 0)) this.#onDrained = then;
    else then();
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.flow();
  }

  /** Lets the body come, unless it is paused. */
  flow(): void {
    while (!this.#paused && this.#phase === 'body') {
      const bytes = this.#held.shift();
      if (!bytes) return this.#flowed();
      this.#heldBytes -= bytes.length;
      this.#decode(bytes, 0, bytes.length);
    }
  }

  #flowed(): void {
    if (this.#batched > 0) return;
    if (this.#onDrained) return this.#onDrained();
    if (!this.#isStopped) return;
    this.#isStopped = false;
    this.#socket?.resume();
  }

  take(memory: Buffer, start: number, end: number): void {
    this.#batched--;
    if (this.#phase !== 'body') return;
    if (this.#paused) this.#hold(Buffer.from(memory.subarray(start, end)));
    else this.#decode(memory, start, end);
    if (this.#onDrained) this.flow();
  }

  /** Nothing more is handed on. */
  close(): void {
    this.#phase = 'over';
    this.#held.length = 0;
    this.#onDrained = undefined;
  }

  /** Called for every read; `false` stops reading. */
  #read(length: number): boolean {
    const { buffer } = onread;
    // Bytes that wait in the batch come first, though a pause may have begun since.
    if (this.#phase === 'body' && (!this.#paused || this.#batched > 0)) {
      if (batch.begins()) this.#decode(buffer, 0, length);
      else {
        this.#batched++;
        batch.add(this, buffer, length);
      }
      return true;
    }
    if (this.#phase === 'over') return false;
    const bytes = Buffer.from(buffer.subarray(0, length));
    if (this.#phase === 'head') return this.#readHead(bytes);
    return this.#phase === 'undici' ? this.#push(bytes) : this.#hold(bytes);
  }

  #readHead(bytes: Buffer): boolean {
    const end = this.#head?.scan(bytes, bytes.length);
    if (end === undefined) this.#phase = 'undici';
    if (end === undefined || end < 0) return this.#push(bytes);
    this.#head = undefined;
    this.#phase = 'held';
    this.#push(bytes.subarray(0, end));
    return end === bytes.length || this.#hold(bytes.subarray(end));
  }

  #hold(bytes: Buffer): boolean {
    this.#held.push(bytes);
    this.#heldBytes += bytes.length;
    this.#isStopped = this.#heldBytes >= maxHeldBytes;
    return !this.#isStopped;
  }

  /** Gives bytes to undici, which takes them from the socket's stream, and reads on when it has. */
  #push(bytes: Buffer): boolean {
    return this.#socket?.push(bytes) ?? false;
  }

  #decode(memory: Buffer, start: number, end: number): void {
    const decoder = this.#decoder;
    const body = decoder.decode(memory, start, end);
    if (body) this.#handler.onData(body);
    if (this.#phase !== 'body') return;
    if (decoder.error) this.#sink.onBodyError(decoder.error);
    else if (decoder.over) this.#sink.onBodyEnd();
  }
}
