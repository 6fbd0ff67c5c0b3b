import type { IncomingHttpHeaders } from 'node:http';
import type { Socket } from 'node:net';
import { trimHttp } from '../../http.ts';
import type { BodyListener, BodySource, DataHandler } from '../body-source.ts';
import { ChunkedDecoder } from './chunked-decoder.ts';
import { ReadBatch, type ReadConsumer } from './read-batch.ts';
import { ResponseHeadScanner } from './response-head.ts';

/*
 * undici reads a socket through Node's streams: each event costs a buffer, two turns of the stream machinery and a pass
 * through its parser. So undici only sends the request and parses the response head. A chunked body bypasses both:
 * every read lands in the same memory (`onread`, an option of net.connect), is decoded in place and delivered at once.
 * To undici, the body never starts; it sees the response end when the socket does.
 * docs/where-the-time-goes.md has the measurements.
 */

const readBytes = 65_536;
/** Reading stops while this many bytes are buffered. */
const maxHeldBytes = 65_536;
const nothing = () => true;

/**
 * Option of net.connect and tls.connect. undici's connector accepts one object for all sockets, but each socket needs a
 * callback of its own. Since Node reads the option while it makes the socket, {@link SocketBody.attach} sets `callback`
 * for the length of that call. All sockets share the memory; a read must be consumed or copied before the next one.
 */
export const onread = { buffer: Buffer.allocUnsafeSlow(readBytes), callback: nothing as (bytes: number) => boolean };

const batch = new ReadBatch();

/** Reads one upstream socket: passes the response head to undici and decodes a chunked body itself. */
export class SocketBody implements BodySource, ReadConsumer {
  readonly #handler: DataHandler;
  readonly #listener: BodyListener;
  readonly #decoder = new ChunkedDecoder();
  /** Undefined once the head has been read. */
  #head: ResponseHeadScanner | undefined = new ResponseHeadScanner();
  #socket: Socket | undefined;
  /**
   * Who consumes incoming bytes. 'head': undici, interim responses aside. 'held': buffered until undici has parsed the
   * head. 'body': this reader. 'undici': undici reads the rest. 'closed': they are dropped.
   */
  #phase: 'head' | 'held' | 'body' | 'undici' | 'closed' = 'head';
  /** False until {@link start}, so that no data precedes the response head. */
  #started = false;
  #paused = false;
  /** Reads of this socket that are still in the batch. */
  #batched = 0;
  /** Bytes that are buffered until the head has been parsed, or a pause has ended. */
  readonly #held: Buffer[] = [];
  #heldBytes = 0;
  #isStopped = false;
  #onDrained: (() => void) | undefined;

  constructor(handler: DataHandler, listener: BodyListener) {
    this.#handler = handler;
    this.#listener = listener;
  }

  /** Makes the socket; `connect` has to call net.connect or tls.connect synchronously. */
  attach(connect: () => Socket): Socket {
    onread.callback = this.#read.bind(this);
    try {
      this.#socket = connect();
      return this.#socket;
    } finally {
      onread.callback = nothing;
    }
  }

  /**
   * Call once undici has parsed the head of a response that is accepted. Returns true if this reader will decode the
   * body, which needs chunked coding and `mayDecode`; otherwise undici gets everything.
   */
  takeOver(headers: IncomingHttpHeaders, mayDecode: boolean): boolean {
    const coding = trimHttp(String(headers['transfer-encoding'])).toLowerCase();
    const takes = mayDecode && this.#phase === 'held' && coding === 'chunked';
    this.#phase = takes ? 'body' : 'undici';
    if (!takes) for (const bytes of this.#held.splice(0)) this.#push(bytes);
    return takes;
  }

  start(): void {
    this.#started = true;
    this.#deliverHeld();
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#deliverHeld();
  }

  /** The socket's end can be reported while its last reads are still batched or held by a pause. */
  drained(then: () => void): void {
    if (this.#phase === 'body' && (this.#held.length > 0 || this.#batched > 0)) this.#onDrained = then;
    else then();
  }

  close(): void {
    this.#phase = 'closed';
    this.#held.length = 0;
    this.#onDrained = undefined;
  }

  #deliverHeld(): void {
    while (this.#started && !this.#paused && this.#phase === 'body') {
      const bytes = this.#held.shift();
      if (!bytes) return this.#allDelivered();
      this.#heldBytes -= bytes.length;
      this.#decode(bytes, 0, bytes.length);
    }
  }

  #allDelivered(): void {
    if (this.#batched > 0) return;
    if (this.#onDrained) return this.#onDrained();
    if (!this.#isStopped) return;
    this.#isStopped = false;
    this.#socket?.resume();
  }

  onRead(memory: Buffer, start: number, end: number): void {
    this.#batched--;
    if (this.#phase !== 'body') return;
    if (this.#paused) this.#hold(Buffer.from(memory.subarray(start, end)));
    else this.#decode(memory, start, end);
    if (this.#onDrained) this.#deliverHeld();
  }

  /** Called for every read; `false` stops reading. */
  #read(length: number): boolean {
    const { buffer } = onread;
    // Bytes in the batch came first, even if a pause has begun since.
    if (this.#phase === 'body' && (!this.#paused || this.#batched > 0)) {
      if (batch.isFirstOfTurn()) this.#decode(buffer, 0, length);
      else {
        this.#batched++;
        batch.add(this, buffer, length);
      }
      return true;
    }
    if (this.#phase === 'closed') return false;
    const bytes = Buffer.from(buffer.subarray(0, length));
    if (this.#phase === 'head') return this.#readHead(bytes);
    return this.#phase === 'undici' ? this.#push(bytes) : this.#hold(bytes);
  }

  #readHead(bytes: Buffer): boolean {
    const scanner = this.#head as ResponseHeadScanner;
    const { head, rest } = scanner.scan(bytes);
    if (scanner.state === 'unknown') this.#phase = 'undici';
    if (scanner.state === 'complete') {
      this.#head = undefined;
      this.#phase = 'held';
    }
    const goesOn = head.length === 0 || this.#push(head);
    if (rest.length === 0) return goesOn;
    return this.#hold(rest) && goesOn;
  }

  #hold(bytes: Buffer): boolean {
    this.#held.push(bytes);
    this.#heldBytes += bytes.length;
    this.#isStopped = this.#heldBytes >= maxHeldBytes;
    return !this.#isStopped;
  }

  /** Passes bytes to undici through the socket's stream. undici resumes reading by itself. */
  #push(bytes: Buffer): boolean {
    return this.#socket?.push(bytes) ?? false;
  }

  #decode(memory: Buffer, start: number, end: number): void {
    const decoder = this.#decoder;
    const body = decoder.decode(memory, start, end);
    if (body) this.#handler.onData(body);
    if (this.#phase !== 'body') return;
    if (decoder.error) this.#listener.onBodyError(decoder.error);
    else if (decoder.over) this.#listener.onBodyEnd();
  }
}
