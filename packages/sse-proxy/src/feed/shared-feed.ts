import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { replaySliceBytes } from '../config/defaults.ts';
import type { ReplayBounds } from '../config/replay-bounds.ts';
import { SseProxyError } from '../errors.ts';
import type { HeartbeatMember } from '../lifecycle/heartbeat.ts';
import type { EventHandler } from '../sse/event-handler.ts';
import { parseEvent, serializeEvent } from '../sse/events.ts';
import { frameContent } from '../sse/fields.ts';
import type { CloseReason } from '../types.ts';
import type { UpstreamRequest } from '../upstream/upstream.ts';
import { Feed } from './feed.ts';
import type { FeedHandler, FeedParts } from './feed-parts.ts';
import { FrameRun } from './frame-run.ts';
import { ReplayRing } from './replay-ring.ts';
import type { FeedReader } from './subscription.ts';

/** What a {@link SharedFeed} is made of. */
export interface SharedParts extends Omit<FeedParts, 'handler' | 'retainFrames'> {
  readonly replay: ReplayBounds;
  /** Every frame is handed on alone. */
  readonly oneFramePerCall: boolean;
  /** How far a reader may fall behind, in bytes. */
  readonly maxBehindBytes: number;
  /** A backfill: this feed ends before the first frame that the other one has, and its readers move on to that. */
  readonly joins?: SharedFeed;
  /** This feed is over: not wanted by anybody, or by the upstream. */
  readonly onEnd: (reason: CloseReason, error: SseProxyError | undefined) => void;
}

/** A reader's place in a shared feed. */
export interface Reader {
  readonly reader: FeedReader;
  /** The next frame it gets; read only while it is behind. */
  position: number;
  /** Whether it can take more now. */
  hasRoom: boolean;
  /** How far behind it may fall, in bytes: what it came back for is not held against it. */
  allowance: number;
  /** Called when it has all of a feed that met another. */
  moveTo(feed: SharedFeed, position: number): void;
}

/**
 * Shared mode: one feed, framed once, written to many. Readers at the tip get each chunk as it comes; one that cannot
 * keep up, or that came back, reads from the ring at its own pace until it is at the tip. Nobody slows the others.
 */
export class SharedFeed implements FeedHandler, HeartbeatMember {
  readonly ring: ReplayRing;
  readonly ready: Promise<IncomingHttpHeaders | undefined>;
  readonly #parts: SharedParts;
  readonly #feed: Feed;
  readonly #run = new FrameRun();
  readonly #live = new Set<Reader>();
  readonly #behind = new Set<Reader>();
  /** Backfills that are to meet this feed. */
  readonly #backfills = new Set<SharedFeed>();
  readonly #epoch = randomUUID().slice(0, 8);
  readonly #refuse: (error: SseProxyError) => void;
  #outcome: Parameters<EventHandler['onEnd']> | undefined;
  #assigned = 0;
  /** In a backfill: the position of the first frame that the joined feed has too. */
  #joinedAt: number | undefined;
  /** Id of the newest frame of the ring, a byte string; empty if that has none. */
  tipId = '';
  /** Subscriptions that hold it, those that do not read yet included. */
  members = 0;
  #now = performance.now();

  constructor(parts: SharedParts, request: UpstreamRequest) {
    this.#parts = parts;
    this.ring = new ReplayRing(parts.replay);
    if (parts.joins) parts.joins.#backfills.add(this);
    parts.heartbeat.add(this);
    this.#feed = new Feed({ ...parts, handler: this, retainFrames: true });
    // Nothing is read before the first reader: the ring might forget what came before it.
    this.#feed.pause();
    // A feed that is ended while it connects calls nothing back: those who wait for it are told here.
    const { promise, resolve, reject } = Promise.withResolvers<IncomingHttpHeaders | undefined>();
    this.ready = promise;
    this.#refuse = reject;
    this.#feed.connect(request).then(resolve, reject);
  }

  /** Browsers that read from this feed. */
  get browsers(): number {
    return this.members;
  }

  /**
   * The position from which a browser with this id has everything; undefined if the ring can't tell. Without an id a
   * browser starts at the tip.
   */
  locate(cursor: string): number | undefined {
    if (cursor === '') return this.ring.end;
    if (cursor === this.#parts.cursor && this.ring.start === 0) return this.ring.after(cursor) ?? 0;
    return this.ring.after(cursor);
  }

  /** Gives the seat's reader everything from `position` on, now and as it comes. */
  attach(reader: Reader, position: number): void {
    if (this.#outcome) return reader.reader.onEnd(...this.#outcome);
    reader.position = position;
    reader.allowance = this.ring.bytesFrom(position) + this.#parts.maxBehindBytes;
    const state = this.#feed.upstreamState;
    if (state) reader.reader.onControlEvent(state, false);
    this.#behind.add(reader);
    this.#catchUp(reader);
    this.#flow();
  }

  /** The seat's reader can take more again. */
  resume(reader: Reader): void {
    reader.hasRoom = true;
    if (this.#behind.has(reader)) this.#catchUp(reader);
  }

  /** The seat is given up; undefined for that of a browser which left before it read anything. */
  detach(reader: Reader | undefined): void {
    if (reader) {
      this.#live.delete(reader);
      this.#behind.delete(reader);
    }
    // A feed that nobody has read yet waits for those who are about to.
    if (reader || this.members === 0) this.#flow();
  }

  // Only where nobody is at the tip is the upstream held back: then there is nobody whom it would slow.
  #flow(): void {
    if (this.#live.size === 0 && this.#behind.size > 0) this.#feed.pause();
    else this.#feed.resume();
  }

  close(): void {
    const { joins } = this.#parts;
    if (joins) joins.#backfills.delete(this);
    this.#parts.heartbeat.remove(this);
    this.#feed.close();
  }

  #catchUp(reader: Reader): void {
    while (reader.hasRoom && reader.position < this.ring.end) {
      if (reader.position < this.ring.start) return this.#cut(reader);
      const { bytes, events, next } = this.ring.read(reader.position, replaySliceBytes, this.#parts.oneFramePerCall);
      reader.position = next;
      reader.hasRoom = reader.reader.onFrames(bytes, 0, bytes.length, events, undefined);
      if (!this.#behind.has(reader)) return;
    }
    if (!reader.hasRoom) return;
    this.#behind.delete(reader);
    if (this.#joinedAt !== undefined) return reader.moveTo(this.#parts.joins as SharedFeed, this.#joinedAt);
    reader.allowance = this.#parts.maxBehindBytes;
    this.#live.add(reader);
    this.#feed.resume();
  }

  #cut(reader: Reader): void {
    this.detach(reader);
    reader.reader.onLagging('maxBufferedBytes', this.ring.bytesFrom(reader.position));
  }

  onFrames(source: Buffer, start: number, end: number, events: number, id: string | undefined): boolean {
    if (this.#joinedAt !== undefined) return true;
    this.#take(source, start, end, events, id);
    return true;
  }

  #take(source: Buffer, start: number, end: number, events: number, id: string | undefined): void {
    const { joins } = this.#parts;
    const met = joins && id !== undefined ? joins.ring.find(id, frameContent(source, start, end)) : undefined;
    if (joins && met !== undefined) return this.#joinLive(joins, met);
    if (this.#parts.assignIds && events > 0) {
      const bytes = this.#withAssignedId(source.subarray(start, end), id);
      return this.#append(bytes, 0, bytes.length, 1, `${this.#epoch}-${this.#assigned}`);
    }
    // A lone id of the upstream's would take the place of ours in the browser.
    if (this.#parts.assignIds && id !== undefined) return;
    // Comments reach who is at the tip; nobody who comes later needs them.
    if (events > 0 || id !== undefined) return this.#append(source, start, end, events, id);
    if (!this.#run.continues(source, start)) this.onChunkEnd();
    this.#run.add(source, start, end, 0);
  }

  #joinLive(joined: SharedFeed, position: number): void {
    this.onChunkEnd();
    this.#joinedAt = position;
    this.close();
    this.#parts.onEnd('upstream-ended', undefined);
    for (const reader of [...this.#live]) {
      this.#live.delete(reader);
      reader.moveTo(joined, position);
    }
  }

  // What is collected goes out before the ring moves on: a reader that then falls behind continues right there.
  #append(source: Buffer, start: number, end: number, events: number, id: string | undefined): void {
    if (this.#parts.oneFramePerCall || !this.#run.continues(source, start)) this.onChunkEnd();
    this.ring.push(source.subarray(start, end), events > 0, id, this.#now);
    this.tipId = id ?? '';
    this.#run.add(source, start, end, events);
    if (id !== undefined && this.#backfills.size > 0) this.#joinBackfills(id, frameContent(source, start, end));
  }

  // A backfill that is ahead of this feed would never find its own frames here: it is met when this one draws level.
  #joinBackfills(id: string, content: Buffer): void {
    for (const backfill of this.#backfills) {
      if (backfill.ring.find(id, content) !== backfill.ring.end - 1) continue;
      this.onChunkEnd();
      backfill.#joinLive(this, this.ring.end);
    }
  }

  #withAssignedId(bytes: Buffer, id: string | undefined): Buffer {
    const line = `id: ${this.#epoch}-${++this.#assigned}\n`;
    if (id === undefined) return Buffer.concat([Buffer.from(line), bytes]);
    const { id: _, ...event } = parseEvent(bytes);
    return Buffer.from(line + serializeEvent(event));
  }

  onChunkEnd(): void {
    if (this.#run.isEmpty) return;
    const { source, start, end, events } = this.#run;
    this.#run.clear();
    this.#give(source, start, end, events);
  }

  #give(source: Buffer, start: number, end: number, events: number): void {
    const { end: position } = this.ring;
    for (const reader of this.#live) {
      if (reader.reader.onFrames(source, start, end, events, undefined)) continue;
      reader.hasRoom = false;
      reader.position = position;
      if (this.#live.delete(reader)) this.#behind.add(reader);
    }
    for (const reader of this.#behind) {
      if (reader.position < this.ring.start || this.ring.bytesFrom(reader.position) > reader.allowance)
        this.#cut(reader);
    }
    this.#flow();
  }

  onControlEvent(bytes: Buffer, isReplayed: boolean): void {
    this.onChunkEnd();
    if (isReplayed) this.ring.push(bytes, false, undefined, this.#now);
    this.#give(bytes, 0, bytes.length, 0);
  }

  onEnd(reason: CloseReason, error: SseProxyError | undefined, retryAfterMs?: number): void {
    this.#outcome = [reason, error, retryAfterMs];
    this.#parts.heartbeat.remove(this);
    this.#refuse(error ?? new SseProxyError('ERR_SSE_UPSTREAM_BROKEN', { message: `the feed is over: ${reason}` }));
    this.#parts.onEnd(reason, error);
    for (const reader of [...this.#live, ...this.#behind]) {
      this.detach(reader);
      reader.reader.onEnd(reason, error, retryAfterMs);
    }
  }

  /** Ends it from outside, with everything that an end of its own brings. */
  end(reason: CloseReason, error: SseProxyError | undefined): void {
    if (this.#outcome) return;
    this.close();
    this.onEnd(reason, error);
  }

  /** Keeps time for the ring: one reading of the clock a beat, not one an event. */
  beat(): void {
    this.#now = performance.now();
    this.ring.expire(this.#now);
  }
}
