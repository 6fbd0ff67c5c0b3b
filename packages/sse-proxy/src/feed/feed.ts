import { maxLastEventIdBytes, maxRetryMs } from '../config/defaults.ts';
import { SseProxyError } from '../errors.ts';
import { isControlEvent, isGapEvent } from '../sse/events.ts';
import { COLON, type FrameId, unusableId } from '../sse/fields.ts';
import { type FrameHandler, Framer, type FramerBounds } from '../sse/framer.ts';
import type { OversizedEvent } from '../sse/oversized-event.ts';
import type { CloseReason } from '../types.ts';
import { FeedDelivery } from './feed-delivery.ts';
import type { FeedParts } from './feed-parts.ts';

/**
 * One upstream subscription: connect → frame → resume. Delivers every event once, whole and in order, or a gap.
 *
 * It is a chain of five classes, each of which extends the next:
 * - `Feed` turns bytes into frames.
 * - {@link FeedDelivery} passes on each event once, or a gap.
 * - `FeedConnection` connects for the first time, and detects silence.
 * - `FeedReconnect` resumes after a loss, or gives up.
 * - `FeedRequest` sends, pauses and aborts the upstream request.
 *
 * They are one object because a second one would cost every event a cache miss.
 */
export class Feed extends FeedDelivery implements FrameHandler {
  readonly #framer: Framer;
  readonly #retainFrames: boolean;
  /** Ticks since an event exceeded `maxEventBytes`. */
  #oversizedTicks = 0;
  /** The cursor at the time when an endless event last broke the connection. */
  #brokenAt: string | undefined;

  constructor(parts: FeedParts) {
    super(parts);
    this.#framer = new Framer(this, boundsFor(parts.config.maxEventBytes));
    this.#retainFrames = parts.retainFrames;
  }

  onData(chunk: Buffer): void {
    if (this.isClosed) return;
    if (this.quietTicks > 0) this.onLife();
    try {
      this.#framer.push(this.#retainFrames ? copyOf(chunk) : chunk);
      this.handler.onChunkEnd();
    } catch (error) {
      this.handler.onChunkEnd();
      if (!(error instanceof SseProxyError)) throw error;
      this.#breakOversized(error);
    }
  }

  onFrame(buffer: Buffer, start: number, end: number, events: number, id: FrameId | undefined): void {
    if (id === undefined) {
      if (events === 0) {
        if (buffer[start] === COLON) this.onComment();
        this.handler.onFrames(buffer, start, end, 0, undefined);
        return;
      }
      if (isControlEvent(buffer, start, end)) return this.#forwardControlEvent(buffer.subarray(start, end));
    }
    this.accept(buffer, start, end, events, id);
  }

  // The upstream is another proxy. Its in-band events do not move the cursor, and only a gap still holds when it is
  // replayed.
  #forwardControlEvent(bytes: Buffer): void {
    this.handler.onControlEvent(Buffer.from(bytes), isGapEvent(bytes));
  }

  onOversizedEvent(event: OversizedEvent): void {
    this.#oversizedTicks = 0;
    this.acceptOversized(event);
  }

  /** An event over `maxEventBytes` does not end: reports it once, skips it if its id is known, and reconnects. */
  #breakOversized(error: SseProxyError): void {
    const { oversized } = this.#framer;
    const id = oversized?.id;
    const hasUsableId = id !== undefined && id !== unusableId;
    const wasReported = hasUsableId ? id === this.cursor : this.#brokenAt === this.cursor;
    if (!wasReported && !oversized?.isComment) {
      this.reportOversized(id);
      if (hasUsableId) {
        this.moveCursors(id);
        this.handler.onChunkEnd();
      }
    }
    this.#brokenAt = this.cursor;
    this.#oversizedTicks = 0;
    // Keeps the backoff growing: the event will probably arrive again.
    this.hasDelivered = false;
    this.breakConnection('upstream-broken', error);
  }

  /** Also bounds the time for which an event over `maxEventBytes` may be unfinished. */
  override onTick(): void {
    super.onTick();
    const { idleTimeoutMs } = this.parts.config;
    if (!this.#framer.oversized || idleTimeoutMs === false || this.isPaused) return;
    if (++this.#oversizedTicks * this.parts.ticker.periodMs <= idleTimeoutMs) return;
    const message = `an upstream event over maxEventBytes is unfinished after ${idleTimeoutMs} ms`;
    this.#breakOversized(new SseProxyError('ERR_SSE_EVENT_TOO_LARGE', { message }));
  }

  protected get retryMs(): number | undefined {
    return this.#framer.retryMs;
  }

  protected get showsLife(): boolean {
    return this.#framer.showsLife;
  }

  protected get showsIds(): boolean {
    return this.#framer.showsIds || this.parts.cursor !== '';
  }

  protected override onLost(isClean: boolean): void {
    super.onLost(isClean);
    this.#oversizedTicks = 0;
    this.#framer.restart();
  }

  protected onFinished(reason: CloseReason, error: SseProxyError | undefined): void {
    this.handler.onEnd(reason, error, this.#framer.retryMs);
  }
}

let lastBounds: FramerBounds | undefined;

// Feeds share one object: one for each feed would be a cache miss at each event.
function boundsFor(maxEventBytes: number): FramerBounds {
  if (lastBounds?.maxEventBytes !== maxEventBytes)
    lastBounds = { maxEventBytes, maxIdBytes: maxLastEventIdBytes, maxRetryMs };
  return lastBounds;
}

// A pooled buffer would keep the memory of neighbouring frames alive with each retained one.
function copyOf(chunk: Buffer): Buffer {
  const copy = Buffer.allocUnsafeSlow(chunk.length);
  chunk.copy(copy);
  return copy;
}
