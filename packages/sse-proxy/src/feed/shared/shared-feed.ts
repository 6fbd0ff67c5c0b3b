import type { IncomingHttpHeaders } from 'node:http';
import type { ReplayBounds } from '../../config/replay-bounds.ts';
import { SseProxyError } from '../../errors.ts';
import type { HeartbeatMember } from '../../lifecycle/heartbeat.ts';
import type { EventHandler } from '../../sse/event-handler.ts';
import { gapBytes, isControlEvent } from '../../sse/events.ts';
import { lateLineFeed, unusableId } from '../../sse/fields.ts';
import type { CloseReason } from '../../types.ts';
import type { UpstreamRequest } from '../../upstream/upstream.ts';
import type { IdAssigner } from './assigned-ids.ts';
import { Feed } from '../feed.ts';
import type { FeedHandler, FeedListener, FeedParts, Gap } from '../feed-parts.ts';
import { FrameRun } from '../frame-run.ts';
import { type Reader, ReaderGroup } from './reader-group.ts';
import { type ReplayPosition, ReplayRing } from './replay-ring.ts';

/** One browser of a shared feed: a reader, or one that has not begun to read yet. */
export interface Member extends Reader {
  /** Moves it to another feed, once it has read this one up to where the other goes on. */
  moveTo(feed: SharedFeed, position: number): void;
}

/** Looks for the place in a live feed at which the readers of a backfill or of a join connection can move there. */
export interface LiveMatcher {
  /** Is called before a frame is stored. Returns true if the live feed delivers this frame and all that follow. */
  matches(source: Buffer, start: number, end: number, id: string | undefined): boolean;
  onChunkEnd(): void;
}

/** Is called for what a live feed has delivered, so that a backfill or a join connection can be matched with it. */
export interface Follower {
  onLiveFrame(id: string, source: Buffer, start: number, end: number): void;
  onLiveChunkEnd(): void;
  /** The live feed has ended. */
  onLiveEnd(reason: CloseReason, error: SseProxyError | undefined): void;
}

/** Constructor arguments of a {@link SharedFeed}. */
export interface SharedParts extends Omit<FeedParts, 'handler' | 'retainFrames'> {
  readonly replay: ReplayBounds;
  /** Replaces the upstream's ids; undefined: the upstream's ids are kept. */
  readonly assigner: IdAssigner | undefined;
  readonly oneFramePerCall: boolean;
  /** How many bytes a reader may fall behind. */
  readonly maxBehindBytes: number;
  /** Set for a backfill or a join connection. */
  readonly matcher?: LiveMatcher;
  /** The feed that a backfill or a join connection belongs to. */
  readonly live?: SharedFeed;
  /** The upstream is back after an outage. */
  readonly onReconnected?: () => void;
  /** Called once, when the upstream connection is closed for good. Readers may still have to read what is in the ring. */
  readonly onClosed: (reason: CloseReason, error: SseProxyError | undefined) => void;
}

/** One upstream subscription for many browsers: framed once, stored in a ring, sent to all of them. */
export class SharedFeed implements FeedHandler, HeartbeatMember {
  readonly ring: ReplayRing;
  /** See {@link Subscription.ready}. Rejects if the feed ends before. */
  readonly ready: Promise<IncomingHttpHeaders | undefined>;
  readonly followers = new Set<Follower>();
  /** Every browser of this feed, whether it reads yet or not. */
  readonly members = new Set<Member>();
  /** The upstream's id of the newest event; empty if that has none. */
  sourceId: string;
  /** How many of the newest frames have that id, one after another, whether the ring still holds them or not. */
  tipRun = 0;
  /** Position of the first frame that answers the current request. Frames before it belong to former identities. */
  sealedAt = 0;
  /** Number of frames received that are stored. */
  received = 0;
  readonly #parts: SharedParts;
  readonly #feed: Feed;
  readonly #readers: ReaderGroup;
  readonly #run = new FrameRun();
  /** Members for which reading is delayed, so that the ring can't forget the first frames before they have begun. */
  readonly #unread = new Set<Member>();
  readonly #resolve: (headers: IncomingHttpHeaders | undefined) => void;
  readonly #reject: (error: SseProxyError) => void;
  #hasHeaders = false;
  #outcome: Parameters<EventHandler['onEnd']> | undefined;
  /** Where the readers go on; undefined while this feed goes on by itself. */
  #destination: { readonly feed: SharedFeed; readonly position: number } | undefined;
  #now = performance.now();

  constructor(parts: SharedParts) {
    this.#parts = parts;
    this.sourceId = parts.cursor;
    this.ring = new ReplayRing(parts.replay);
    this.#readers = new ReaderGroup(this.ring, parts.oneFramePerCall, parts.maxBehindBytes, (reader) =>
      this.#onCaughtUp(reader as Member),
    );
    parts.heartbeat.add(this);
    const feedListener: FeedListener = {
      onUpstreamLost: (...lost) => this.#parts.feedListener.onUpstreamLost(...lost),
      onResume: (...resumed) => this.#onReconnected(...resumed),
      onGap: (gap, browsers) => this.#onGap(gap, browsers),
    };
    this.#feed = new Feed({ ...parts, handler: this, feedListener, retainFrames: false });
    this.#feed.pause();
    const { promise, resolve, reject } = Promise.withResolvers<IncomingHttpHeaders | undefined>();
    this.ready = promise;
    this.#resolve = resolve;
    this.#reject = reject;
    // Members are refused by their own promise; a feed without one is not an unhandled rejection.
    promise.catch(() => {});
  }

  /** Sends the first request. If it fails, the feed ends. */
  connect(request: UpstreamRequest): void {
    this.#feed.connect(request).then(
      (headers) => this.#onHeaders(headers),
      (error: SseProxyError) => this.end('upstream-broken', error),
    );
  }

  /**
   * Sends the first request of a feed that continues another one in its outage: a failed attempt is repeated. `isTold`: the
   * browsers know of the outage.
   */
  reconnect(request: UpstreamRequest, isTold: boolean): void {
    this.#feed.reconnect(request, isTold).then((headers) => this.#onHeaders(headers));
  }

  #onHeaders(headers: IncomingHttpHeaders | undefined): void {
    this.#hasHeaders = true;
    this.#resolve(headers);
    this.#flow();
  }

  #onReconnected(attempts: number, outageMs: number, browsers: number): void {
    this.#parts.feedListener.onResume(attempts, outageMs, browsers);
    this.#parts.onReconnected?.();
  }

  #onGap(gap: Gap, browsers: number): void {
    if (gap.reason === 'ids-restarted') this.ring.restartIds(this.#now);
    this.#parts.feedListener.onGap(gap, browsers);
  }

  /** Sends a gap to the members, behind what they have to read. */
  reportGap(gap: Gap): void {
    this.onControlEvent(gapBytes(gap), true);
    this.#parts.feedListener.onGap(gap, this.browsers);
  }

  /** Number of members: reported to observers. */
  get browsers(): number {
    return this.members.size;
  }

  /** The id that browsers have which got the newest event; empty if they have none. */
  get tipId(): string {
    return this.#parts.assigner?.tipId ?? this.sourceId;
  }

  /** True until the upstream has sent something that is stored. */
  get isUntouched(): boolean {
    return this.ring.end === 0;
  }

  /** The Last-Event-ID of the first request; empty if it had none. */
  get firstCursor(): string {
    return this.#parts.cursor;
  }

  /** The event that tells a browser why no events can arrive; undefined if they can. */
  get upstreamState(): Buffer | undefined {
    return this.#feed.upstreamState ?? this.#parts.live?.upstreamState;
  }

  /** True if an upstream with ids is requested again after its clean end. */
  get resumesAfterEnd(): boolean {
    const { resume } = this.#parts.config;
    return resume !== false && resume.afterEnd === 'resume';
  }

  /** True while the upstream is lost and the feed tries to reconnect. */
  get isReconnecting(): boolean {
    return this.#feed.isReconnecting;
  }

  /** True while nothing is read from the upstream, because no member could take it. */
  get isHeldBack(): boolean {
    return this.#readers.allBehind || this.#unread.size > 0;
  }

  /** True once no frames are added any more. */
  get hasEnded(): boolean {
    return this.#outcome !== undefined || this.#destination !== undefined;
  }

  /**
   * Where a browser that has everything up to `cursor` goes on; undefined if that can't be told. Frames from before
   * {@link seal} are only for those who were members then.
   */
  locate(cursor: string): ReplayPosition | undefined {
    const found = this.ring.after(cursor);
    if (found) return found.position > this.sealedAt || this.sealedAt === 0 ? found : undefined;
    const isAtStart = cursor === this.#parts.cursor && this.ring.start === 0 && this.sealedAt === 0;
    return isAtStart ? { position: 0, isProven: true } : undefined;
  }

  /** The upstream request has changed: from now on no browser is placed among the frames of the old one. */
  seal(): void {
    this.sealedAt = this.ring.end;
  }

  /** The members have everything before `position` of `other`: what the upstream repeats of it is dropped. */
  recordDelivered(other: SharedFeed, position: number): void {
    for (const { source, start, end, id } of other.ring.framesBefore(position))
      this.#feed.recordDelivered(source, start, end, id);
  }

  enter(member: Member): void {
    this.members.add(member);
    if (this.#hasHeaders && !this.#parts.matcher) return;
    this.#unread.add(member);
    this.#flow();
  }

  /** The member reads from `position` on. */
  attach(member: Member, position: number): void {
    // Frames before the position must not be joined with those that it gets.
    this.flush();
    this.#unread.delete(member);
    this.#readers.attach(member, position);
    this.#flow();
  }

  /** The member can take more again. */
  resume(member: Member): void {
    this.#readers.resume(member);
    this.#flow();
  }

  leave(member: Member): void {
    this.members.delete(member);
    this.#unread.delete(member);
    this.#readers.detach(member);
    this.#flow();
  }

  // Back pressure is applied only while every reader is behind; otherwise one slow reader would delay the live ones.
  #flow(): void {
    if (this.hasEnded) return;
    if (this.isHeldBack) this.#feed.pause();
    else this.#feed.resume();
  }

  #onCaughtUp(member: Member): boolean {
    if (this.#destination) {
      member.moveTo(this.#destination.feed, this.#destination.position);
      return false;
    }
    if (this.#outcome) {
      member.handler.onEnd(...this.#outcome);
      return false;
    }
    member.allowance = this.#parts.maxBehindBytes;
    return true;
  }

  onFrames(source: Buffer, start: number, end: number, events: number, id: string | undefined): boolean {
    const isStored = events > 0 || id !== undefined;
    if (this.#destination || (isStored && this.#parts.matcher?.matches(source, start, end, id))) return true;
    if (isStored) this.#store(source, start, end, events, id);
    else this.#addComment(source, start, end);
    return true;
  }

  // Not stored: a browser that reads later does not need it.
  #addComment(source: Buffer, start: number, end: number): void {
    if (this.#parts.oneFramePerCall) {
      this.flush();
      const bytes = source === lateLineFeed ? source : Buffer.from(source.subarray(start, end));
      return this.#run.add(bytes, 0, bytes.length, 0);
    }
    if (!this.#run.continues(source, start)) this.flush();
    this.#run.add(source, start, end, 0);
  }

  #store(source: Buffer, start: number, end: number, events: number, given: string | undefined): void {
    // The framer has cut an id that is too long from its event, so browsers don't have it.
    const id = given === unusableId ? undefined : given;
    this.received++;
    // An event of another proxy in front of the upstream has no id, and doesn't move the cursor.
    if (id !== undefined && id === this.sourceId) this.tipRun++;
    else if (id !== undefined || !isControlEvent(source, start, end)) {
      this.sourceId = id ?? '';
      this.tipRun = 1;
    }
    const { assigner } = this.#parts;
    if (!assigner) this.#append(source, start, end, events, id, id, 0);
    else {
      const frame = assigner.assign(source, start, end, events, id);
      if (!frame) return;
      this.#append(frame.bytes, 0, frame.bytes.length, events, frame.id, id, frame.ownBytes);
    }
    if (id === undefined || this.followers.size === 0) return;
    for (const follower of this.followers) follower.onLiveFrame(id, source, start, end);
  }

  // The joined frames are sent before the next one is stored, so that a reader which they fill continues behind them.
  #append(
    source: Buffer,
    start: number,
    end: number,
    events: number,
    id: string | undefined,
    sourceId: string | undefined,
    ownBytes: number,
  ): void {
    if (this.#parts.oneFramePerCall || !this.#run.continues(source, start)) this.flush();
    this.ring.push(source, start, end, events > 0, id, this.#now, sourceId, ownBytes);
    if (!this.#parts.oneFramePerCall) return this.#run.add(source, start, end, events);
    // A transform keeps the bytes while it is pending. Those of the ring never change; the ring may be too small for them.
    const isHeld = this.ring.start < this.ring.end;
    const bytes = isHeld ? this.ring.read(this.ring.end - 1, 1, true).bytes : Buffer.from(source.subarray(start, end));
    this.#run.add(bytes, 0, bytes.length, events);
  }

  onChunkEnd(): void {
    this.flush();
    this.#parts.matcher?.onChunkEnd();
    for (const follower of this.followers) follower.onLiveChunkEnd();
  }

  /** Sends the joined frames to the readers at the tip. */
  flush(): void {
    if (this.#run.isEmpty) return;
    const { source, start, end, events } = this.#run;
    this.#run.clear();
    this.#readers.send(source, start, end, events, this.ring.end);
    this.#flow();
  }

  onControlEvent(bytes: Buffer, isReplayed: boolean): void {
    this.flush();
    if (isReplayed) this.ring.push(bytes, 0, bytes.length, false, undefined, this.#now);
    this.#readers.sendControl(bytes, isReplayed);
    this.#flow();
  }

  /** Ends the upstream connection; every member goes on in `feed` at `position` once it has read what is in the ring. */
  moveMembers(feed: SharedFeed, position: number): void {
    this.flush();
    if (this.hasEnded) return;
    this.#destination = { feed, position };
    // Without headers only members that were opened early have begun to read.
    if (!this.#hasHeaders) for (const member of [...this.#unread]) member.moveTo(feed, position);
    this.#close('upstream-ended', undefined);
    for (const reader of this.#readers.live) {
      this.#readers.detach(reader);
      (reader as Member).moveTo(feed, position);
    }
  }

  // Everything that was read is delivered before the end: readers that are behind get it when they have caught up.
  onEnd(reason: CloseReason, error: SseProxyError | undefined, notBeforeMs?: number): void {
    this.flush();
    if (this.hasEnded) return;
    this.#outcome = [reason, error, notBeforeMs];
    this.#close(reason, error);
    for (const reader of this.#readers.live) {
      this.#readers.detach(reader);
      reader.handler.onEnd(reason, error, notBeforeMs);
    }
  }

  #close(reason: CloseReason, error: SseProxyError | undefined): void {
    this.#parts.heartbeat.remove(this);
    this.#feed.close();
    this.#reject(error ?? new SseProxyError('ERR_SSE_UPSTREAM_BROKEN', { message: `the feed has ended: ${reason}` }));
    this.#parts.onClosed(reason, error);
    for (const follower of [...this.followers]) follower.onLiveEnd(reason, error);
  }

  /** Ends the feed from outside, as if it had ended by itself. */
  end(reason: CloseReason, error: SseProxyError | undefined): void {
    this.onEnd(reason, error);
  }

  /** Reads the clock for the ring: once a beat instead of once an event. */
  beat(): void {
    this.#now = performance.now();
    this.ring.expire(this.#now);
  }
}
