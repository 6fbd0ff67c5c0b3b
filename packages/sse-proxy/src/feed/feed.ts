import { maxLastEventIdBytes, maxRetryMs } from '../config/defaults.ts';
import { SseProxyError } from '../errors.ts';
import { gapBytes, isControlEvent, isGapEvent, serializeId } from '../sse/events.ts';
import { COLON, type FrameId, unusableId } from '../sse/fields.ts';
import { type FrameHandler, Framer, type FramerBounds } from '../sse/framer.ts';
import type { OversizedEvent } from '../sse/oversized-event.ts';
import type { CloseReason, GapReason } from '../types.ts';
import { FeedConnection } from './feed-connection.ts';
import type { FeedHandler, FeedParts, Gap } from './feed-parts.ts';
import { HoldTimer } from './hold-timer.ts';
import { type ReceivedFrame, ReplayFilter } from './replay-filter.ts';
import { ReplayWindow } from './replay-window.ts';

/**
 * One upstream subscription: connect → frame → resume. Delivers every event once, whole and in order, or a gap.
 *
 * This class is the frame path; {@link FeedConnection} connects and reconnects. They are one object because a second one
 * would cost every event a cache miss.
 */
export class Feed extends FeedConnection implements FrameHandler {
  // Copied from the parts so that the per-event path dereferences fewer objects.
  readonly #handler: FeedHandler;
  readonly #needsIds: boolean;
  readonly #retainFrames: boolean;
  readonly #recordsFrames: boolean;
  readonly #framer: Framer;
  readonly #window = new ReplayWindow();
  /** Set between a resume and the decision that only new frames follow. */
  #replayFilter: ReplayFilter | undefined;
  #holdTimer: HoldTimer | undefined;
  /** Heartbeats since an event exceeded `maxEventBytes`. */
  #oversizedBeats = 0;
  /** The cursor at which an endless event broke the connection last. */
  #brokenAt: string | undefined;

  constructor(parts: FeedParts) {
    super(parts);
    this.#handler = parts.handler;
    this.#needsIds = parts.handler.needsIds;
    this.#retainFrames = parts.retainFrames;
    this.#recordsFrames = parts.config.resume !== false;
    this.#framer = new Framer(this, boundsFor(parts.config.maxEventBytes));
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

  onFrame(source: Buffer, start: number, end: number, events: number, id: FrameId | undefined): void {
    if (id === undefined) {
      if (events === 0) {
        if (source[start] === COLON) this.onComment();
        this.#handler.onFrames(source, start, end, 0, undefined);
        return;
      }
      if (isControlEvent(source, start, end)) return this.#forwardControlEvent(source.subarray(start, end));
    }
    if (this.#replayFilter) {
      const { ownId } = this;
      this.#catchUp(this.#replayFilter, { source, start, end, events, id: textOf(id), ownId, isOversized: false });
    } else this.#deliver(source, start, end, events, id);
  }

  // The upstream is a proxy too. Its in-band events say nothing about the cursor, and only a gap is still true later.
  #forwardControlEvent(bytes: Buffer): void {
    this.#handler.onControlEvent(Buffer.from(bytes), isGapEvent(bytes));
  }

  onOversizedEvent(event: OversizedEvent): void {
    this.#oversizedBeats = 0;
    const { id } = event;
    if (!event.isEvent && id === undefined) return;
    const source = event.digest();
    const events = event.isEvent ? 1 : 0;
    const frame = { source, start: 0, end: source.length, events, id, ownId: this.ownId, isOversized: true };
    if (this.#replayFilter) this.#catchUp(this.#replayFilter, frame);
    else this.#deliverOversized(frame);
  }

  #deliver(source: Buffer, start: number, end: number, events: number, id: FrameId | undefined): void {
    if (id !== undefined) this.cursorId = id;
    if (this.#recordsFrames) this.#window.record(source, start, end, id);
    this.hasDelivered = true;
    this.#handler.onFrames(source, start, end, events, this.#needsIds ? textOf(id) : undefined);
  }

  /** Records a frame that the browsers have from another feed: it is dropped if the upstream repeats it after a resume. */
  recordDelivered(source: Buffer, start: number, end: number, id: string | undefined): void {
    this.#window.record(source, start, end, id);
  }

  /** The same for a frame of which only the {@link contentDigest} is known. */
  recordDigest(content: string, id: string | undefined): void {
    this.#window.recordDigest(content, id);
  }

  /** The proxy's own id that the current event came with. Only the events of a log have one. */
  protected get ownId(): string | undefined {
    return undefined;
  }

  protected set ownId(_: string | undefined) {}

  /** True if a frame with this id is among those that were delivered last. */
  knowsId(id: string): boolean {
    return this.#window.hasId(id);
  }

  /** The {@link contentDigest} of the frame that was delivered last; undefined if there is none. */
  get lastContent(): string | undefined {
    const { start, end } = this.#window;
    return end > start ? this.#window.contentAt(end - 1) : undefined;
  }

  /** False while frames are compared with those that were delivered: some may be held. */
  get isSettled(): boolean {
    return this.#replayFilter === undefined;
  }

  /** This feed continues `other`, which has delivered nothing since: what the upstream repeats of it is dropped. */
  copyDelivered(other: Feed): void {
    this.#window.copyFrom(other.#window);
  }

  /** What follows comes from another connection, which may repeat frames that were delivered. */
  changeConnection(): void {
    this.onLost(false);
    const filter = new ReplayFilter(this.#window, this.cursor, this.parts.config.maxEventBytes);
    this.#replayFilter = filter.isCatchingUp ? filter : undefined;
    const now = Date.now();
    if (filter.doubt) this.sendGap({ reason: filter.doubt, from: now, to: now });
  }

  /** The connection is left for another one, which begins behind the last event that was delivered: drops what is held. */
  dropHeld(): void {
    this.onLost(false);
    this.#replayFilter = undefined;
  }

  /** Puts a gap in the place of an event that was discarded, and moves the cursors past it. */
  #deliverOversized({ source, start, end, events, id }: ReceivedFrame): void {
    if (this.#recordsFrames) this.#window.record(source, start, end, id);
    this.hasDelivered = true;
    if (events > 0) this.#gapNow(id);
    if (id === undefined) return;
    this.cursorId = id;
    if (id === unusableId) return;
    const lone = Buffer.from(serializeId(id), 'latin1');
    this.#handler.onFrames(lone, 0, lone.length, 0, id);
  }

  #gapNow(id: string | undefined): void {
    const now = Date.now();
    this.sendGap({
      reason: 'event-too-large',
      from: now,
      to: now,
      ...(id === undefined || id === unusableId ? {} : { id }),
    });
  }

  #catchUp(filter: ReplayFilter, frame: ReceivedFrame): void {
    const verdict = filter.classify(frame);
    if (!filter.isCatchingUp) this.#replayFilter = undefined;
    if (verdict === 'restarted') this.#gapOfOutage('ids-restarted');
    this.#deliverReleased(filter);
    if (verdict === 'repeated') this.#gapOfOutage('replay-too-long');
    if (verdict === 'new' || verdict === 'restarted') this.#deliverFrame(frame);
    if (verdict === 'held' || (verdict === 'new' && this.#replayFilter)) this.#startHold();
  }

  #startHold(): void {
    this.#holdTimer ??= new HoldTimer(() => this.#expireHeld());
    this.#holdTimer.onFrame();
  }

  #deliverReleased(filter: ReplayFilter): void {
    for (const frame of filter.takeReleased()) this.#deliverFrame(frame);
  }

  #deliverFrame(frame: ReceivedFrame): void {
    this.ownId = frame.ownId;
    if (frame.isOversized) this.#deliverOversized(frame);
    else this.#deliver(frame.source, frame.start, frame.end, frame.events, frame.id);
  }

  /** Delivers the frames that are held for a decision. */
  #expireHeld(): void {
    const filter = this.#replayFilter;
    if (!filter) return;
    const outcome = filter.expire();
    if (!filter.isCatchingUp) this.#replayFilter = undefined;
    if (outcome === 'restarted') this.#gapOfOutage('ids-restarted');
    this.#deliverReleased(filter);
    this.#handler.onChunkEnd();
  }

  #gapOfOutage(reason: GapReason): void {
    const { from, to } = this.outage;
    this.sendGap({ reason, from, to });
  }

  /** Reports that events may be missing here. */
  protected sendGap(gap: Gap): void {
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
      this.cursorId = id;
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

  protected reportLost(error: SseProxyError, attempts: number): void {
    this.parts.feedListener.onUpstreamLost(error, attempts, this.#handler.browsers);
  }

  protected onReconnected(attempts: number, outageMs: number): void {
    this.parts.feedListener.onResume(attempts, outageMs, this.#handler.browsers);
    const filter = new ReplayFilter(this.#window, this.cursor, this.parts.config.maxEventBytes);
    this.#replayFilter = filter.isCatchingUp ? filter : undefined;
    if (filter.doubt) this.#gapOfOutage(filter.doubt);
  }

  override close(): void {
    super.close();
    this.#holdTimer?.stop();
  }

  protected onFinished(reason: CloseReason, error: SseProxyError | undefined): void {
    this.#handler.onEnd(reason, error, this.#framer.retryMs);
  }
}

let lastBounds: FramerBounds | undefined;

// Feeds share one object: one for each feed would be a cache miss at each event.
function boundsFor(maxEventBytes: number): FramerBounds {
  if (lastBounds?.maxEventBytes !== maxEventBytes)
    lastBounds = { maxEventBytes, maxIdBytes: maxLastEventIdBytes, maxRetryMs };
  return lastBounds;
}

function textOf(id: FrameId | undefined): string | undefined {
  return typeof id === 'number' ? String(id) : id;
}

// A pooled buffer would keep the memory of neighbouring frames alive with each retained one.
function copyOf(chunk: Buffer): Buffer {
  const copy = Buffer.allocUnsafeSlow(chunk.length);
  chunk.copy(copy);
  return copy;
}
