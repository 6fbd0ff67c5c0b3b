import type { IncomingMessage, ServerResponse } from 'node:http';
import { closeFlushMs } from '../config/defaults.ts';
import type { Config } from '../config/options.ts';
import type { SseProxyError } from '../errors.ts';
import type { FeedReader, Subscription } from '../feed/subscription.ts';
import type { Ticker, TickListener } from '../lifecycle/ticker.ts';
import { controlEvent, heartbeatBytes, retryBytes } from '../sse/events.ts';
import type { CloseReason, EvictContext } from '../types.ts';
import { breakOff, closeAfter, onResponse } from './connection.ts';
import type { ChunkSink, SinkOwner } from './fast-write/chunk-sink.ts';
import { createSink } from './fast-write/create-sink.ts';
import { refusedEvent } from './refusal.ts';
import { StallDetector } from './stall-detector.ts';
import { blankTail, isHalfCrlf, isStray, tailOf } from './stray-line.ts';
import { sendStreamHeaders } from './stream-headers.ts';

/** The stream that a response writer belongs to. */
export interface WriterOwner {
  /** The first upstream event was written. May end the stream. */
  onFirstEvent(): void;
  /** A bound of `slowClient` was exceeded; the browser has been disconnected. */
  onEvict(bound: EvictContext['bound'], bufferedBytes: number): void;
  /** The feed has ended, and everything before its end has been written. See {@link FeedReader.onEnd}. */
  onEnd(reason: CloseReason, error: SseProxyError | undefined, notBeforeMs?: number): void;
  /** A middleware's wrapper of the response threw `cause`; the browser has been disconnected. */
  onWriteError(cause: unknown): void;
}

/** Constructor arguments of a {@link ResponseWriter}. */
export interface WriterParts {
  readonly owner: WriterOwner;
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  /** Header fields besides those that every stream has. */
  readonly headers: Record<string, string | string[]> | undefined;
  readonly config: Pick<Config, 'heartbeatMs' | 'retryMs' | 'share' | 'slowClient' | 'transform'> & {
    readonly fastPath?: boolean;
  };
  readonly ticker: Ticker;
}

/**
 * Last `EventHandler` on the event path: writes whole events and heartbeats to the {@link ChunkSink} of one browser,
 * and never buffers more than `slowClient` allows.
 */
export class ResponseWriter implements FeedReader, TickListener, SinkOwner {
  // The fields that each event needs come first, so that they share cache lines.
  /** Upstream events written. */
  events = 0;
  /** Bytes written, HTTP framing excluded. */
  bytes = 0;
  readonly #sink: ChunkSink;
  #isFull = false;
  /** True once the last byte was passed to the sink: the browser may still be reading. */
  #isEnding = false;
  /**
   * The end of the last frame. Our own comments and `retry:` don't count: no line end of the upstream belongs to them.
   */
  #tail = blankTail;
  #quietTicks = 0;

  readonly #owner: WriterOwner;
  readonly #res: ServerResponse;
  readonly #config: WriterParts['config'];
  readonly #ticker: Ticker;
  /** Created when bytes are buffered for the first time. */
  #stall: StallDetector | undefined;
  #previousStage: Pick<Subscription, 'resume'> | undefined;
  #hasJustFilled = false;
  #isClosed = false;

  /**
   * Sends status and headers at once, before there is any event.
   *
   * @throws whatever a middleware's wrapper of `writeHead` throws
   */
  constructor({ owner, req, res, headers, config, ticker }: WriterParts) {
    this.#owner = owner;
    this.#res = res;
    this.#config = config;
    this.#ticker = ticker;
    sendStreamHeaders(req, res, headers);
    // Transformed events come one by one: res.write joins those of one turn, which is cheaper than a chunk for each.
    const fastPath = config.fastPath !== false && !config.transform;
    this.#sink = createSink(res, this, { fastPath, isShared: config.share !== false });
    ticker.add(this);
  }

  /** True while the browser must read buffered bytes before it is sent more. */
  get isFull(): boolean {
    return this.#isFull;
  }

  /** Bytes buffered for the browser in this process. */
  get bufferedBytes(): number {
    return this.#isClosed ? 0 : this.#sink.bufferedBytes;
  }

  /**
   * Sends the reconnection time. From now on, `previousStage` is resumed whenever the browser has read what made the
   * writer full. Delivery starts with {@link Subscription.deliverTo}, not here.
   */
  start(previousStage: Pick<Subscription, 'resume'>): void {
    this.#previousStage = previousStage;
    if (this.#config.retryMs !== false) this.#send(retryBytes(this.#config.retryMs));
  }

  /** Sends batched bytes now, such as those of {@link onFrames} calls within this turn of the event loop. */
  flush(): void {
    this.#sink.flush();
  }

  /**
   * Writes whole events. After `false` the caller should pause until its `resume()` is called. Events are accepted,
   * unless they would take the buffered bytes over `maxBufferedBytes`: then the browser is disconnected. Exempt are
   * events that arrive while nothing is buffered, and those that arrive in the turn that filled the writer, because no
   * browser could have read anything in between.
   */
  onFrames(buffer: Buffer, start: number, end: number, events: number): boolean {
    if (this.#isEnding) return false;
    if (buffer.length <= 2 && isStray(buffer, this.#tail)) return !this.#isFull;
    if (this.#isFull && !this.#hasJustFilled && this.#isOverBound(end - start)) return false;
    const isFirstEvent = events > 0 && this.events === 0;
    this.events += events;
    const bytes = start === 0 && end === buffer.length ? buffer : buffer.subarray(start, end);
    this.#tail = tailOf(bytes, this.#tail);
    this.#send(bytes);
    if (isFirstEvent) this.#owner.onFirstEvent();
    return !this.#isFull;
  }

  onControlEvent(bytes: Buffer): void {
    this.onFrames(bytes, 0, bytes.length, 0);
  }

  onLagging(bound: EvictContext['bound'], bytes: number): void {
    this.evict(bound, bytes);
  }

  onEnd(reason: CloseReason, error: SseProxyError | undefined, notBeforeMs?: number): void {
    this.#owner.onEnd(reason, error, notBeforeMs);
  }

  #isOverBound(addedBytes: number): boolean {
    const waiting = this.#sink.bufferedBytes;
    if (waiting === 0 || waiting + addedBytes <= this.#config.slowClient.maxBufferedBytes) return false;
    this.evict('maxBufferedBytes', waiting);
    return true;
  }

  #send(bytes: Buffer): void {
    // A BOM that is the first bytes of the response would be stripped: a comment precedes it.
    if (this.bytes === 0 && bytes[0] === 0xef) this.#sink.write(heartbeatBytes);
    this.bytes += bytes.length;
    this.#quietTicks = 0;
    this.#sink.write(bytes);
  }

  onFull(): void {
    if (this.#isFull) return;
    this.#isFull = true;
    this.#hasJustFilled = true;
    setImmediate(() => {
      this.#hasJustFilled = false;
    });
  }

  onDrain(): void {
    if (!this.#isFull) return;
    this.#isFull = false;
    if (!this.#isEnding) this.#previousStage?.resume();
  }

  onSinkError(cause: unknown): void {
    if (this.#isClosed) return;
    this.destroy();
    this.#owner.onWriteError(cause);
  }

  /** Detects stalled browsers and sends heartbeats. */
  onTick(): void {
    // A middleware's wrapper may lose a drain event; the state is always right.
    if (this.#isFull && !this.#sink.isFull) this.onDrain();
    this.#sink.flush();
    if (this.#sink.bufferedBytes > 0) return this.#checkProgress();
    this.#stall?.reset();
    if (this.#isEnding) return;
    this.#quietTicks++;
    const { heartbeatMs } = this.#config;
    if (heartbeatMs === false || this.#quietTicks * this.#ticker.periodMs < heartbeatMs || isHalfCrlf(this.#tail))
      return;
    this.#send(heartbeatBytes);
  }

  #checkProgress(): void {
    const { slowClient } = this.#config;
    this.#stall ??= new StallDetector(this.#res, this.#sink, slowClient.maxStallMs / this.#ticker.periodMs);
    this.#stall.check(() => this.evict('maxStallMs', this.bufferedBytes));
  }

  /** Disconnects the browser because a bound was exceeded. It reconnects with its Last-Event-ID. */
  evict(bound: EvictContext['bound'], bufferedBytes: number): void {
    if (this.#isClosed) return;
    const hadEnded = this.#isEnding;
    this.destroy();
    if (!hadEnded) this.#owner.onEvict(bound, bufferedBytes);
  }

  /** Ends the response as complete. The browser reconnects after its retry time. */
  end(isDraining: boolean): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    if (isDraining) closeAfter(this.#res, isDraining);
    this.#sink.end();
  }

  /**
   * Sends an `sse-proxy:end` event with the reason and the time to come back, and ends the response. The connection can
   * be used for another request, as the headers announced; while draining it is closed instead. A browser that reads
   * nothing for `maxStallMs` is still disconnected; while draining, so is one that has not read everything within
   * `closeFlushMs`.
   */
  endWith(reason: string, retryMs: number, isDraining: boolean): void {
    this.#endWithEvent(controlEvent('end', { reason, retryMs }, retryMs), isDraining);
  }

  /** Refuses a stream whose response is open already: like {@link endWith}, with an `sse-proxy:refused` event [R6]. */
  endWithRefusal(error: SseProxyError, retryMs: number, isDraining: boolean): void {
    this.#endWithEvent(refusedEvent(error, retryMs), isDraining);
  }

  #endWithEvent(event: Buffer, isDraining: boolean): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    if (isDraining) closeAfter(this.#res, isDraining);
    this.#sink.end(event);
    if (!isDraining) return;
    const timer = setTimeout(() => breakOff(this.#res), closeFlushMs).unref();
    onResponse(this.#res, 'close', () => clearTimeout(timer));
  }

  /** Breaks the connection: what was sent is incomplete, and the browser must be able to detect that. */
  destroy(): void {
    this.close();
    // Node buffers what is written in a turn until the turn ends: whole events that precede the break must still leave.
    process.nextTick(() => breakOff(this.#res));
  }

  /** The response is closed. Stops the ticks and removes every listener. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#isEnding = true;
    this.#sink.close();
    this.#ticker.remove(this);
  }
}
