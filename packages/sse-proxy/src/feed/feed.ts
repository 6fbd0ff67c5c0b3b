import { maxLastEventIdBytes, maxRetryMs } from '../config/defaults.ts';
import { SseProxyError } from '../errors.ts';
import { gapBytes, isControlEvent, isGapEvent, serializeId } from '../sse/events.ts';
import { COLON, unusableId } from '../sse/fields.ts';
import { type FrameHandler, Framer } from '../sse/framer.ts';
import type { OversizedEvent } from '../sse/oversized-event.ts';
import type { CloseReason, GapReason } from '../types.ts';
import { FeedConnection } from './feed-connection.ts';
import type { FeedHandler, FeedParts, Gap } from './feed-parts.ts';
import { HoldTimer } from './hold-timer.ts';
import { type ReceivedFrame, ReplayFilter } from './replay-filter.ts';

/**
 * One upstream subscription: connect → frame → resume. Delivers every event once, whole and in order, or a gap.
 *
 * This class is the frame path; {@link FeedConnection} connects and reconnects. They are one object because a second one
 * would cost every event a cache miss.
 */
export class Feed extends FeedConnection implements FrameHandler {
  // Copied from the parts so that the per-event path dereferences fewer objects.
  readonly #handler: FeedHandler;
  readonly #retainFrames: boolean;
  readonly #recordsFrames: boolean;
  readonly #framer: Framer;
  readonly #replayFilter: ReplayFilter;
  #holdTimer: HoldTimer | undefined;
  /** Heartbeats since an event exceeded `maxEventBytes`. */
  #oversizedBeats = 0;
  /** The cursor at which an endless event broke the connection last. */
  #brokenAt: string | undefined;

  constructor(parts: FeedParts) {
    super(parts);
    this.#handler = parts.handler;
    this.#retainFrames = parts.retainFrames;
    const { maxEventBytes } = parts.config;
    this.#recordsFrames = parts.config.resume !== false;
    this.#framer = new Framer(this, { maxEventBytes, maxIdBytes: maxLastEventIdBytes, maxRetryMs });
    this.#replayFilter = new ReplayFilter(maxEventBytes);
  }

  onData(chunk: Buffer): void {
    if (this.isClosed) return;
    if (this.quietBeats > 0) this.onLife();
    try {
      this.#framer.push(this.#retainFrames ? copyOf(chunk) : chunk);
      this.#handler.onChunkEnd();
    } catch (error) {
      this.#handler.onChunkEnd();
      if (!(error instanceof SseProxyError)) throw error;
      this.#breakOversized(error);
    }
  }

  onFrames(source: Buffer, start: number, end: number, events: number, id: string | undefined): boolean {
    if (id === undefined) {
      if (events === 0) {
        if (source[start] === COLON) this.onComment();
        return this.#handler.onFrames(source, start, end, 0, undefined);
      }
      if (isControlEvent(source, start, end)) return this.#forwardControlEvent(source.subarray(start, end));
    }
    if (this.#replayFilter.isCatchingUp) {
      this.#catchUp({ source, start, end, events, id, isOversized: false });
      return true;
    }
    return this.#deliver(source, start, end, events, id);
  }

  // The upstream is a proxy too. Its in-band events say nothing about the cursor, and only a gap is still true later.
  #forwardControlEvent(bytes: Buffer): boolean {
    this.#handler.onControlEvent(Buffer.from(bytes), isGapEvent(bytes));
    return true;
  }

  onOversizedEvent(event: OversizedEvent): void {
    this.#oversizedBeats = 0;
    const { id } = event;
    if (!event.isEvent && id === undefined) return;
    const source = event.digest();
    const frame = { source, start: 0, end: source.length, events: event.isEvent ? 1 : 0, id, isOversized: true };
    if (this.#replayFilter.isCatchingUp) this.#catchUp(frame);
    else this.#deliverOversized(frame);
  }

  #deliver(source: Buffer, start: number, end: number, events: number, id: string | undefined): boolean {
    if (id !== undefined) this.cursor = id;
    if (this.#recordsFrames) this.#replayFilter.record(source, start, end, id);
    this.hasDelivered = true;
    return this.#handler.onFrames(source, start, end, events, id);
  }

  /** Records a frame that the browsers have from another feed: it is dropped if the upstream repeats it after a resume. */
  recordDelivered(source: Buffer, start: number, end: number, id: string | undefined): void {
    this.#replayFilter.record(source, start, end, id);
  }

  /** Puts a gap in the place of an event that was discarded, and moves the cursors past it. */
  #deliverOversized({ source, start, end, events, id }: ReceivedFrame): void {
    if (this.#recordsFrames) this.#replayFilter.record(source, start, end, id);
    this.hasDelivered = true;
    if (events > 0) this.#gapNow(id);
    if (id === undefined) return;
    this.cursor = id;
    if (id === unusableId) return;
    const lone = Buffer.from(serializeId(id), 'latin1');
    this.#handler.onFrames(lone, 0, lone.length, 0, id);
  }

  #gapNow(id: string | undefined): void {
    const now = Date.now();
    this.#gap({
      reason: 'event-too-large',
      from: now,
      to: now,
      ...(id === undefined || id === unusableId ? {} : { id }),
    });
  }

  #catchUp(frame: ReceivedFrame): void {
    const verdict = this.#replayFilter.classify(frame);
    if (verdict === 'restarted') this.#gapOfOutage('ids-restarted');
    this.#deliverReleased();
    if (verdict === 'repeated') this.#gapOfOutage('replay-too-long');
    if (verdict === 'new' || verdict === 'restarted') this.#deliverFrame(frame);
    if (verdict === 'held' || (verdict === 'new' && this.#replayFilter.isCatchingUp)) this.#startHold();
  }

  #startHold(): void {
    this.#holdTimer ??= new HoldTimer(() => this.#expireHeld());
    this.#holdTimer.onFrame();
  }

  #deliverReleased(): void {
    for (const frame of this.#replayFilter.takeReleased()) this.#deliverFrame(frame);
  }

  #deliverFrame(frame: ReceivedFrame): void {
    if (frame.isOversized) this.#deliverOversized(frame);
    else this.#deliver(frame.source, frame.start, frame.end, frame.events, frame.id);
  }

  /** Delivers the frames that are held for a decision. */
  #expireHeld(): void {
    if (this.#replayFilter.expire() === 'restarted') this.#gapOfOutage('ids-restarted');
    this.#deliverReleased();
    this.#handler.onChunkEnd();
  }

  #gapOfOutage(reason: GapReason): void {
    const { from, to } = this.outage;
    this.#gap({ reason, from, to });
  }

  #gap(gap: Gap): void {
    this.#handler.onControlEvent(gapBytes(gap), true);
    this.parts.feedListener.onGap(gap, this.#handler.browsers);
  }

  /** An event over `maxEventBytes` does not end: reports it once, skips it if its id is known, and reconnects. */
  #breakOversized(error: SseProxyError): void {
    const { oversized } = this.#framer;
    const id = oversized?.id;
    const wasReported = id === undefined || id === unusableId ? this.#brokenAt === this.cursor : id === this.cursor;
    const isReported = wasReported || oversized?.isComment;
    if (!isReported) this.#gapNow(id);
    if (!isReported && id !== undefined && id !== unusableId) {
      this.cursor = id;
      const lone = Buffer.from(serializeId(id), 'latin1');
      this.#handler.onFrames(lone, 0, lone.length, 0, id);
      this.#handler.onChunkEnd();
    }
    this.#brokenAt = this.cursor;
    this.#oversizedBeats = 0;
    // The backoff goes on: the event will probably come again.
    this.hasDelivered = false;
    this.breakConnection('upstream-broken', error);
  }

  /** Also bounds the time for which an event over `maxEventBytes` may be unfinished. */
  override beat(): void {
    super.beat();
    const { idleTimeoutMs } = this.parts.config;
    if (!this.#framer.oversized || idleTimeoutMs === false || this.isPaused) return;
    if (++this.#oversizedBeats * this.parts.heartbeat.periodMs <= idleTimeoutMs) return;
    const message = `an upstream event over maxEventBytes is unfinished after ${idleTimeoutMs} ms`;
    this.#breakOversized(new SseProxyError('ERR_SSE_EVENT_TOO_LARGE', { message }));
  }

  protected get retryMs(): number | undefined {
    return this.#framer.retryMs;
  }

  protected get showsLife(): boolean {
    return this.#framer.showsLife;
  }

  protected sendControlEvent(bytes: Buffer): void {
    this.#handler.onControlEvent(bytes, false);
  }

  protected get showsIds(): boolean {
    return this.#framer.showsIds || this.parts.cursor !== '';
  }

  protected onLost(isClean: boolean): void {
    if (isClean) this.#expireHeld();
    this.#holdTimer?.stop();
    this.#oversizedBeats = 0;
    this.#framer.restart();
  }

  protected onReconnected(attempts: number, outageMs: number): void {
    this.parts.feedListener.onResume(attempts, outageMs, this.#handler.browsers);
    const reason = this.#replayFilter.resume(this.cursor);
    if (reason) this.#gapOfOutage(reason);
  }

  override close(): void {
    super.close();
    this.#holdTimer?.stop();
  }

  protected onFinished(reason: CloseReason, error: SseProxyError | undefined): void {
    this.#handler.onEnd(reason, error, this.#framer.retryMs);
  }
}

// A pooled buffer would keep the memory of neighbouring frames alive with each retained one.
function copyOf(chunk: Buffer): Buffer {
  const copy = Buffer.allocUnsafeSlow(chunk.length);
  chunk.copy(copy);
  return copy;
}
