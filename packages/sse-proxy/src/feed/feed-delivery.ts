import type { SseProxyError } from '../errors.ts';
import { gapBytes, serializeId } from '../sse/events.ts';
import { type FrameId, unusableId } from '../sse/fields.ts';
import type { OversizedEvent } from '../sse/oversized-event.ts';
import type { GapReason } from '../types.ts';
import { FeedConnection } from './feed-connection.ts';
import type { FeedHandler, FeedParts, Gap } from './feed-parts.ts';
import { HoldTimer } from './hold-timer.ts';
import { type ReceivedFrame, ReplayFilter } from './replay-filter.ts';
import { ReplayWindow } from './replay-window.ts';

/** Passes on each event once, however many connections it arrives on, or reports a gap. */
export abstract class FeedDelivery extends FeedConnection {
  // Copied from the parts so that the per-event path dereferences fewer objects.
  protected readonly handler: FeedHandler;
  readonly #needsIds: boolean;
  readonly #recordsFrames: boolean;
  readonly #window = new ReplayWindow();
  /** Set between a resume and the decision that only new frames follow. */
  #replayFilter: ReplayFilter | undefined;
  #holdTimer: HoldTimer | undefined;

  constructor(parts: FeedParts) {
    super(parts);
    this.handler = parts.handler;
    this.#needsIds = parts.handler.needsIds;
    this.#recordsFrames = parts.config.resume !== false;
  }

  /** Delivers an event, or a lone id, unless it is a repeated one. */
  protected accept(buffer: Buffer, start: number, end: number, events: number, id: FrameId | undefined): void {
    if (this.#replayFilter) {
      const { ownId } = this;
      this.#catchUp(this.#replayFilter, { buffer, start, end, events, id: textOf(id), ownId, isOversized: false });
    } else this.#deliver(buffer, start, end, events, id);
  }

  /** Delivers a gap in the place of an event that was discarded, unless it is a repeated one. */
  protected acceptOversized(event: OversizedEvent): void {
    const { id } = event;
    if (!event.isEvent && id === undefined) return;
    const buffer = event.digest();
    const events = event.isEvent ? 1 : 0;
    const frame = { buffer, start: 0, end: buffer.length, events, id, ownId: this.ownId, isOversized: true };
    if (this.#replayFilter) this.#catchUp(this.#replayFilter, frame);
    else this.#deliverOversized(frame);
  }

  #deliver(buffer: Buffer, start: number, end: number, events: number, id: FrameId | undefined): void {
    if (id !== undefined) this.cursorId = id;
    if (this.#recordsFrames) this.#window.record(buffer, start, end, id);
    this.hasDelivered = true;
    this.handler.onFrames(buffer, start, end, events, this.#needsIds ? textOf(id) : undefined);
  }

  /** Puts a gap in the place of an event that was discarded, and moves the cursors past it. */
  #deliverOversized({ buffer, start, end, events, id }: ReceivedFrame): void {
    if (this.#recordsFrames) this.#window.record(buffer, start, end, id);
    this.hasDelivered = true;
    if (events > 0) this.reportOversized(id);
    if (id === unusableId) this.cursorId = id;
    else if (id !== undefined) this.moveCursors(id);
  }

  /** Sends a gap for an event over `maxEventBytes`. */
  protected reportOversized(id: string | undefined): void {
    const now = Date.now();
    const known = id === undefined || id === unusableId ? {} : { id };
    this.sendGap({ reason: 'event-too-large', from: now, to: now, ...known });
  }

  /** Moves the cursors of this feed and of its browsers to `id`, without an event. */
  protected moveCursors(id: string): void {
    this.cursorId = id;
    const lone = Buffer.from(serializeId(id), 'latin1');
    this.handler.onFrames(lone, 0, lone.length, 0, id);
  }

  /**
   * Records a frame that the browsers have from another feed: it is dropped if the upstream repeats it after a resume.
   */
  recordDelivered(buffer: Buffer, start: number, end: number, id: string | undefined): void {
    this.#window.record(buffer, start, end, id);
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

  override onTick(): void {
    super.onTick();
    if (!this.#replayFilter?.needsWindow) this.#window.shrink();
  }

  /** False while frames are compared with those that were delivered: some may be held. */
  get isSettled(): boolean {
    return this.#replayFilter === undefined;
  }

  /**
   * Copies the record of what `other` has delivered, so that repeats are dropped. This feed must continue at the cursor
   * of `other`.
   */
  copyDelivered(other: FeedDelivery): void {
    this.#window.copyFrom(other.#window);
  }

  /** The following frames come from another connection, which may repeat delivered frames. */
  changeConnection(): void {
    this.onLost(false);
    const doubt = this.#compareFrames();
    const now = Date.now();
    if (doubt) this.sendGap({ reason: doubt, from: now, to: now });
  }

  /** Drops held frames: the feed changes to a connection that begins after the last delivered event. */
  dropHeld(): void {
    this.onLost(false);
    this.#replayFilter = undefined;
  }

  protected onReconnected(attempts: number, outageMs: number): void {
    this.parts.feedListener.onResume(attempts, outageMs, this.handler.browsers);
    const doubt = this.#compareFrames();
    if (doubt) this.#gapOfOutage(doubt);
  }

  /** Begins to compare arriving frames with delivered ones. Returns a reason if events may already be missing. */
  #compareFrames(): GapReason | undefined {
    const filter = new ReplayFilter(this.#window, this.cursor, this.parts.config.maxEventBytes);
    this.#replayFilter = filter.isCatchingUp ? filter : undefined;
    return filter.doubt;
  }

  #catchUp(filter: ReplayFilter, frame: ReceivedFrame): void {
    const verdict = filter.classify(frame);
    if (!filter.isCatchingUp) this.#replayFilter = undefined;
    if (verdict === 'restarted') this.#gapOfOutage('ids-restarted');
    this.#deliverReleased(filter);
    if (verdict === 'late-repeat') this.#gapOfOutage('replay-too-long');
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
    else this.#deliver(frame.buffer, frame.start, frame.end, frame.events, frame.id);
  }

  /** Delivers the frames that are held for a decision. */
  #expireHeld(): void {
    const filter = this.#replayFilter;
    if (!filter) return;
    const outcome = filter.expire();
    if (!filter.isCatchingUp) this.#replayFilter = undefined;
    if (outcome === 'restarted') this.#gapOfOutage('ids-restarted');
    this.#deliverReleased(filter);
    this.handler.onChunkEnd();
  }

  #gapOfOutage(reason: GapReason): void {
    const { from, to } = this.outage;
    this.sendGap({ reason, from, to });
  }

  /** Reports that events may be missing here. */
  protected sendGap(gap: Gap): void {
    this.handler.onControlEvent(gapBytes(gap), true);
    this.parts.feedListener.onGap(gap, this.handler.browsers);
  }

  protected sendControlEvent(bytes: Buffer): void {
    this.handler.onControlEvent(bytes, false);
  }

  protected reportLost(error: SseProxyError, attempts: number): void {
    this.parts.feedListener.onUpstreamLost(error, attempts, this.handler.browsers);
  }

  protected onLost(isClean: boolean): void {
    if (isClean) this.#expireHeld();
    this.#holdTimer?.stop();
  }

  override close(): void {
    super.close();
    this.#holdTimer?.stop();
  }
}

function textOf(id: FrameId | undefined): string | undefined {
  return typeof id === 'number' ? String(id) : id;
}
