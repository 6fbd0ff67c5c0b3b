import type { Socket } from 'node:net';
import type { Writable } from 'node:stream';
import type { Response } from 'express';
import { closeFlushMs } from '../config/defaults.ts';
import type { Config } from '../config/options.ts';
import type { Heartbeat, HeartbeatMember } from '../lifecycle/heartbeat.ts';
import { heartbeatBytes, ownEvent, retryBytes } from '../sse/events.ts';
import type { EvictContext } from '../types.ts';
import { type Sender, sendChunks, writeChunk } from './fast-write/chunk-batch.ts';
import { isOpen, isUnwrapped, socketOf } from './fast-write/eligibility.ts';
import { streamHeaders } from './stream-headers.ts';

const CR = 0x0d;
const LF = 0x0a;

/** Writes to one browser: whole events only, heartbeats between them, and never more than may wait. */
export abstract class Outlet implements HeartbeatMember, Sender {
  /** Upstream events written. */
  events = 0;
  /** Bytes written, HTTP framing aside. */
  bytes = 0;

  readonly #res: Response;
  readonly #config: Pick<Config, 'heartbeatMs' | 'retryMs' | 'share' | 'slowClient' | 'transform'>;
  readonly #heartbeat: Heartbeat;
  #over = false;
  #full = false;
  /** Where chunks go past the response; undefined if they may not. */
  #socket: Socket | undefined;
  #isEncrypted = false;
  #justFilled = false;
  #endsInHalfCrlf = false;
  #quietBeats = 0;
  #fullBeats = 0;

  constructor(res: Response, config: Config, heartbeat: Heartbeat) {
    this.#res = res;
    this.#config = config;
    this.#heartbeat = heartbeat;
    heartbeat.add(this);
  }

  /** The browser has taken all that waited. */
  protected abstract onDrain(): void;
  /** A bound of `slowClient` was passed; the browser has been cut. */
  protected abstract onEvict(bound: EvictContext['bound'], bufferedBytes: number): void;

  /** Bytes that wait for the browser. */
  get bufferedBytes(): number {
    return this.#over ? 0 : this.#res.writableLength;
  }

  /** Whether the browser has to catch up before it is given more. */
  get full(): boolean {
    return this.#full;
  }

  /** Sends status and headers at once, before there is any event. */
  open(extraHeaders: Record<string, string | string[]> | undefined): void {
    this.#res.writeHead(200, extraHeaders ? { ...extraHeaders, ...streamHeaders } : streamHeaders);
    this.#res.flushHeaders();
    // Transformed events come one by one: res.write joins those of one turn, which saves more than framing them here.
    if (!this.#config.transform) this.#socket = socketOf(this.#res);
    this.#isEncrypted = this.#socket !== undefined && 'encrypted' in this.#socket;
    if (this.#config.retryMs !== false) this.#send(retryBytes(this.#config.retryMs));
  }

  /**
   * Writes whole events. They are always taken; while the browser is full the caller should wait for onDrain. One that has
   * more than `maxBufferedBytes` waiting already is evicted instead; what comes in the very turn that filled it does not
   * count, since no browser could have taken anything in between.
   */
  write(bytes: Buffer, events: number): void {
    if (this.#over) return;
    const waiting = this.#full && !this.#justFilled ? this.#res.writableLength : 0;
    if (waiting > 0 && waiting + bytes.length > this.#config.slowClient.maxBufferedBytes) {
      this.evict('maxBufferedBytes', waiting);
      return;
    }
    this.events += events;
    this.#send(bytes);
  }

  #send(bytes: Buffer): void {
    this.bytes += bytes.length;
    this.#quietBeats = 0;
    const last = bytes.length - 1;
    // `\n\r`: an event was handed on at its CR, and the LF that completes the CRLF is still on its way.
    this.#endsInHalfCrlf = bytes[last] === CR && last > 0 && bytes[last - 1] === LF;
    if (this.#socket && isUnwrapped(this.#res)) return writeChunk(this, bytes);
    sendChunks();
    // Frames are lent; what passes through the response is kept by it until it has been sent.
    if (!this.#res.write(Buffer.from(bytes))) this.#filled(this.#res);
  }

  get keepsChunks(): boolean {
    return this.#full || this.#isEncrypted || (this.#socket?.writableCorked ?? 0) > 0;
  }

  get isShared(): boolean {
    return this.#config.share !== false;
  }

  transmit(chunk: Buffer): boolean {
    const socket = this.#socket;
    if (this.#over || !socket || !isOpen(this.#res, socket)) return false;
    // What did not pass through the response does not make it emit its own drain.
    if (!socket.write(chunk)) this.#filled(socket);
    return socket.writableLength > 0;
  }

  #filled(by: Writable): void {
    if (this.#full) return;
    by.once('drain', () => this.#drained());
    this.#full = true;
    this.#justFilled = true;
    setImmediate(() => {
      this.#justFilled = false;
    });
  }

  /** Looks after the slow things: heartbeat and stall. */
  beat(): void {
    if (this.#full) {
      this.#fullBeats++;
      // One more turn of the event loop: a drain that is due is seen before the browser is called stalled.
      if (this.#fullBeats * this.#heartbeat.periodMs > this.#config.slowClient.maxStallMs)
        setImmediate(() => this.#checkStall());
      return;
    }
    this.#quietBeats++;
    const { heartbeatMs } = this.#config;
    if (heartbeatMs === false || this.#quietBeats * this.#heartbeat.periodMs < heartbeatMs || this.#endsInHalfCrlf)
      return;
    this.#send(heartbeatBytes);
  }

  #checkStall(): void {
    if (this.#full && this.#fullBeats > 0) this.evict('maxStallMs', this.#res.writableLength);
  }

  #drained(): void {
    this.#full = false;
    this.#fullBeats = 0;
    if (!this.#over) this.onDrain();
  }

  /** Cuts the browser: a bound was passed. It comes back with its id. */
  evict(bound: EvictContext['bound'], bufferedBytes: number): void {
    if (this.#over) return;
    this.destroy();
    this.onEvict(bound, bufferedBytes);
  }

  /** The stream is complete as HTTP sees it; the browser reconnects after its retry time. */
  end(): void {
    if (!this.#stop()) return;
    this.#res.end();
    this.#destroyUnlessFlushed(this.#config.slowClient.maxStallMs);
  }

  /** Says why in an end event and when to come back, then ends and closes the connection, so that a server can drain. */
  endWith(reason: string, retryMs: number): void {
    if (!this.#stop()) return;
    const { socket } = this.#res;
    // Not by end()'s callback: session middleware wraps end() and knows no callbacks.
    this.#res.once('finish', () => socket?.destroySoon());
    this.#res.end(ownEvent('end', { reason, retryMs }, retryMs));
    this.#destroyUnlessFlushed(closeFlushMs);
  }

  /** Breaks the connection: what was sent is not complete, and the browser must not take it so. */
  destroy(): void {
    this.#stop();
    // Node holds back what was written in this turn until its end: whole events that came before the break still leave.
    process.nextTick(() => this.#res.destroy());
  }

  // A browser that reads nothing any more would keep the connection of an ended stream for good.
  #destroyUnlessFlushed(withinMs: number): void {
    const timer = setTimeout(() => this.#res.destroy(), withinMs).unref();
    this.#res.once('close', () => clearTimeout(timer));
  }

  #stop(): boolean {
    if (this.#over) return false;
    sendChunks();
    this.#over = true;
    this.#heartbeat.remove(this);
    return true;
  }
}
