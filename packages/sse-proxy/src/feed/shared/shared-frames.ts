import type { ReplayBounds } from '../../config/replay-bounds.ts';
import type { SseProxyError } from '../../errors.ts';
import { isControlEvent } from '../../sse/events.ts';
import { lateLineFeed, unusableId } from '../../sse/fields.ts';
import type { CloseReason } from '../../types.ts';
import type { FeedHandler } from '../feed-parts.ts';
import { FrameRun } from '../frame-run.ts';
import type { IdAssigner } from './assigned-ids.ts';
import type { Follower, LiveMatcher } from './live-matcher.ts';
import { type Reader, ReaderGroup } from './reader-group.ts';
import { type ReplayPosition, ReplayRing } from './replay-ring.ts';

/** Constructor arguments of {@link SharedFrames}. */
export interface FrameParts {
  /** The Last-Event-ID of the first request, as a byte string; empty if it had none. */
  readonly cursor: string;
  readonly replay: ReplayBounds;
  /** Replaces the upstream's ids; undefined: the upstream's ids are kept. */
  readonly assigner: IdAssigner | undefined;
  readonly oneFramePerCall: boolean;
  /** How many bytes a reader may fall behind. */
  readonly maxBehindBytes: number;
  /** Set for a backfill or a join connection. */
  readonly matcher?: LiveMatcher;
}

/** The frames of a shared feed: stored in a ring, and sent to the readers. */
export abstract class SharedFrames implements FeedHandler {
  readonly needsIds = true;
  readonly ring: ReplayRing;
  readonly followers = new Set<Follower>();
  /** The upstream's id of the newest event; empty if that has none. */
  upstreamId: string;
  /** How many of the newest frames have that id, one after another, whether the ring still holds them or not. */
  tipRun = 0;
  /** Position of the first frame received for the current request. Frames before it belong to former identities. */
  sealedAt = 0;
  /** Number of frames received that are stored. */
  received = 0;
  protected readonly readers: ReaderGroup;
  /** True once the readers go on in another feed. The rest of the current chunk is dropped: that feed delivers it. */
  protected discardsFrames = false;
  readonly #parts: FrameParts;
  readonly #run = new FrameRun();
  /** The cursor of a browser that gets everything from position 0 on. */
  #startsAfter: string;
  #now = performance.now();

  constructor(parts: FrameParts) {
    this.#parts = parts;
    this.upstreamId = parts.cursor;
    this.#startsAfter = parts.cursor;
    this.ring = new ReplayRing(parts.replay);
    this.readers = new ReaderGroup(this.ring, parts.oneFramePerCall, parts.maxBehindBytes, (reader) =>
      this.onCaughtUp(reader),
    );
  }

  abstract readonly browsers: number;
  abstract onEnd(reason: CloseReason, error: SseProxyError | undefined, notBeforeMs?: number): void;
  /** Called when a reader has everything in the ring. Returns false if the reader has moved or ended. */
  protected abstract onCaughtUp(reader: Reader): boolean;
  /** Called after frames were sent: a reader may have fallen behind. */
  protected abstract applyBackPressure(): void;

  /** The cursor of a browser that has got the newest event; empty if it has none. */
  get tipId(): string {
    return this.#parts.assigner?.tipId ?? this.upstreamId;
  }

  /** The id of our own of the frame that is being delivered; undefined unless it came with one. */
  get currentOwnId(): string | undefined {
    return this.#parts.assigner?.current;
  }

  /** A browser with this cursor gets everything that the feed receives from now on. */
  beginAfter(cursor: string): void {
    if (this.isUntouched) this.#startsAfter = cursor;
  }

  /** True until the upstream has sent something that is stored. */
  get isUntouched(): boolean {
    return this.ring.end === 0;
  }

  /** The Last-Event-ID of the first request; empty if it had none. */
  get firstCursor(): string {
    return this.#parts.cursor;
  }

  /**
   * Where a browser that has everything up to `cursor` continues; undefined if that can't be determined. Frames from
   * before {@link seal} are only for those that were members then.
   */
  locate(cursor: string): ReplayPosition | undefined {
    const found = this.ring.after(cursor);
    if (found) return found.position > this.sealedAt || this.sealedAt === 0 ? found : undefined;
    const isAtStart = cursor === this.#startsAfter && this.ring.start === 0 && this.sealedAt === 0;
    return isAtStart ? { position: 0, isProven: true } : undefined;
  }

  /** The upstream request has changed: from now on no browser is placed among the frames of the old one. */
  seal(): void {
    this.sealedAt = this.ring.end;
  }

  /** The upstream has given known ids to other events. */
  protected restartIds(): void {
    this.ring.restartIds(this.#now);
  }

  /** `digest` is that of the upstream's frame if the bytes are those of a transform. */
  onFrames(
    buffer: Buffer,
    start: number,
    end: number,
    events: number,
    id: string | undefined,
    digest?: string,
  ): boolean {
    const isStored = events > 0 || id !== undefined;
    if (this.discardsFrames || (isStored && this.#parts.matcher?.matches(buffer, start, end, id, digest))) return true;
    if (isStored) this.#store(buffer, start, end, events, id, digest);
    else this.#addComment(buffer, start, end);
    return true;
  }

  // Not stored: a browser that reads later does not need it.
  #addComment(buffer: Buffer, start: number, end: number): void {
    if (this.#parts.oneFramePerCall) {
      this.flush();
      const bytes = buffer === lateLineFeed ? buffer : Buffer.from(buffer.subarray(start, end));
      return this.#run.add(bytes, 0, bytes.length, 0);
    }
    if (!this.#run.continues(buffer, start)) this.flush();
    this.#run.add(buffer, start, end, 0);
  }

  #store(
    buffer: Buffer,
    start: number,
    end: number,
    events: number,
    given: string | undefined,
    digest: string | undefined,
  ): void {
    // The framer has cut an id that is too long from its event, so browsers don't have it.
    const id = given === unusableId ? undefined : given;
    this.received++;
    // An event of another proxy in front of the upstream has no id, and doesn't move the cursor.
    if (id !== undefined && id === this.upstreamId) this.tipRun++;
    else if (id !== undefined || !isControlEvent(buffer, start, end)) {
      this.upstreamId = id ?? '';
      this.tipRun = 1;
    }
    const { assigner } = this.#parts;
    if (!assigner) this.#append(buffer, start, end, events, id, id, 0, digest);
    else {
      const frame = assigner.assign(buffer, start, end, events, id);
      if (!frame) return;
      this.#append(frame.bytes, 0, frame.bytes.length, events, frame.id, id, frame.ownBytes, digest);
    }
    if (id === undefined || this.followers.size === 0) return;
    for (const follower of this.followers) follower.onLiveFrame(id, buffer, start, end, digest);
  }

  // The joined frames are sent before the next one is stored, so that a reader which they fill continues after them.
  #append(
    buffer: Buffer,
    start: number,
    end: number,
    events: number,
    id: string | undefined,
    upstreamId: string | undefined,
    ownBytes: number,
    digest: string | undefined,
  ): void {
    const { ring } = this;
    // Frames that were made here, one by one, are adjacent only in the ring's memory.
    const isMade = digest !== undefined || ownBytes > 0;
    const at = isMade ? Math.max(0, ring.nextOffset(end - start)) : start;
    const isAdjacent = this.#run.continues(isMade && at > 0 ? ring.block : buffer, at);
    if (this.#parts.oneFramePerCall || !isAdjacent) this.flush();
    ring.push(buffer, start, end, events > 0, id, this.#now, upstreamId, ownBytes, digest);
    if (!this.#parts.oneFramePerCall) return this.#run.add(isMade ? ring.block : buffer, at, at + end - start, events);
    // A transform keeps the bytes while it is pending. Those of the ring never change; the ring may be too small for
    // them.
    const isHeld = this.ring.start < this.ring.end;
    const bytes = isHeld ? this.ring.read(this.ring.end - 1, 1, true).bytes : Buffer.from(buffer.subarray(start, end));
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
    const { buffer, start, end, events } = this.#run;
    this.#run.clear();
    this.readers.send(buffer, start, end, events, this.ring.end);
    this.applyBackPressure();
  }

  onControlEvent(bytes: Buffer, isReplayed: boolean): void {
    this.flush();
    if (isReplayed) this.ring.push(bytes, 0, bytes.length, false, undefined, this.#now);
    this.readers.sendControl(bytes, isReplayed);
    this.applyBackPressure();
  }

  /** Reads the clock for the ring: once a tick instead of once an event. */
  onTick(): void {
    this.#now = performance.now();
    this.ring.expire(this.#now);
  }
}
