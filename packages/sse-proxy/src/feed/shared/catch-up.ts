import type { SseProxyError } from '../../errors.ts';
import { frameContent } from '../../sse/fields.ts';
import type { CloseReason } from '../../types.ts';
import type { UpstreamRequest } from '../../upstream/upstream.ts';
import { asTemporary } from '../refusals.ts';
import { withoutId } from './assigned-ids.ts';
import { isLower } from './id-index.ts';
import type { Follower, LiveMatcher } from './live-matcher.ts';
import type { SharedFeed } from './shared-feed.ts';

const checkMs = 1_000;
const maxUnmatchedChecks = 10;
/**
 * This many checks during outages are tolerated after the last event. Later ones count as unmatched, since the upstream
 * may accept each request and break.
 */
const maxAwayChecks = 60;

/** Makes the feed of a {@link CatchUp}. */
export type CatchUpFeedFactory = (matcher: CatchUp) => SharedFeed;

/**
 * How an event is found in the live feed: by the upstream's id and its bytes, by the same without the id in them
 * because the ring holds ids of our own, or by an id of our own, which is the same in all instances.
 */
export type Matching = 'id' | 'content' | 'own-id';

/**
 * A second upstream connection beside a live feed, for browsers that the live feed's ring can't serve: a backfill
 * starts at a browser's id, a join connection without one (`share.join: 'fresh'`). Its readers move to the live feed at
 * the first event that both have, by id and content.
 */
export class CatchUp implements LiveMatcher, Follower {
  readonly feed: SharedFeed;
  /** Position of the first frame that its upstream has sent. */
  start = 0;
  readonly #live: SharedFeed;
  readonly #isJoin: boolean;
  readonly #matching: Matching;
  /** The live feed's end when this connection began: readers that have got nothing here go on there. */
  readonly #liveStart: number;
  #timer: NodeJS.Timeout | undefined;
  #checks = 0;
  #awayChecks = 0;
  /** Number of events received, and the live feed's end, when both were last compared. */
  #received = 0;
  #liveEnd: number;
  #hasTipCheck = false;
  #isConnected = false;
  #hasLiveEnded = false;
  #receivedBefore = 0;
  #isBusy = false;

  constructor(live: SharedFeed, isJoin: boolean, matching: Matching, makeFeed: CatchUpFeedFactory) {
    this.#live = live;
    this.#isJoin = isJoin;
    this.#matching = matching;
    this.#liveStart = live.ring.end;
    this.#liveEnd = live.ring.end;
    this.feed = makeFeed(this);
    live.followers.add(this);
  }

  /** Sends the request. Call it once the live feed's upstream is connected. */
  connect(request: UpstreamRequest): void {
    this.#isConnected = true;
    this.feed.connect(request);
    this.feed.ready.then(
      () => {
        if (this.feed.hasEnded || this.#hasLiveEnded) return;
        this.#timer = setInterval(() => this.#check(), checkMs);
        this.#checkTipSoon();
      },
      // A feed that fails before its headers has ended: there is nothing to check.
      () => {},
    );
  }

  /** The upstream connection is closed: nothing is matched any more. */
  stop(): void {
    clearInterval(this.#timer);
    this.#live.followers.delete(this);
  }

  matches(buffer: Buffer, start: number, end: number, id: string | undefined, digest: string | undefined): boolean {
    const position = this.#matching === 'own-id' ? this.#ownPosition : this.#find(buffer, start, end, id, digest);
    if (position === undefined) return false;
    this.#finish(position);
    return true;
  }

  #find(
    buffer: Buffer,
    start: number,
    end: number,
    id: string | undefined,
    digest: string | undefined,
  ): number | undefined {
    if (id === undefined) return undefined;
    const { ring, sealedAt } = this.#live;
    const content = digest ?? this.#contentOf(buffer, start, end, id);
    return this.#matching === 'content' ? ring.findUpstreamId(id, content, sealedAt) : ring.find(id, content, sealedAt);
  }

  /** The position of the current event in the live feed. */
  get #ownPosition(): number | undefined {
    const { ring, sealedAt } = this.#live;
    const { currentOwnId } = this.feed;
    const position = currentOwnId === undefined ? undefined : ring.positionOf(currentOwnId);
    return position !== undefined && position >= sealedAt ? position : undefined;
  }

  // This connection may be ahead: then its newest event is matched when the live feed receives it.
  onLiveFrame(id: string, buffer: Buffer, start: number, end: number, digest: string | undefined): void {
    const { ring, upstreamId, tipRun } = this.feed;
    if (this.#matching === 'own-id' || upstreamId !== id || tipRun !== this.#live.tipRun) return;
    if (ring.endsWith(digest ?? this.#contentOf(buffer, start, end, id))) this.#finish(this.#live.ring.end);
  }

  /** The bytes to compare. Without the id if the proxy assigns ids: the ring then holds none of the upstream's. */
  #contentOf(buffer: Buffer, start: number, end: number, id: string): Buffer {
    if (this.#matching === 'id') return frameContent(buffer, start, end);
    const bytes = withoutId(buffer, start, end, id);
    return frameContent(bytes, 0, bytes.length);
  }

  /** True if the upstream is requested again after a clean end of this connection. */
  get #neverEnds(): boolean {
    return this.feed.upstreamId !== '' && this.feed.resumesAfterEnd;
  }

  onChunkEnd(): void {
    if (this.#hasLiveEnded && this.#neverEnds) this.feed.end('upstream-ended', undefined);
    this.#checkTipSoon();
  }

  onLiveChunkEnd(): void {
    this.#checkTipSoon();
  }

  /**
   * The live feed has ended. After the upstream's clean end a join connection goes on to its own, so that its readers
   * get all of a finite stream too [R33]. They may still move to what the live feed holds. Readers that have an id are
   * ended: they reconnect with it.
   */
  onLiveEnd(reason: CloseReason, error: SseProxyError | undefined): void {
    this.#hasLiveEnded = true;
    clearInterval(this.#timer);
    const goesOn = reason === 'upstream-ended' && !error && this.#isJoin && this.#isConnected && !this.#neverEnds;
    if (!goesOn) this.feed.end(reason, asTemporary(error));
  }

  // The upstream may send the same event with other bytes on each connection. Then the last id is compared, once both
  // connections have been read empty, since events that share the id may still be in the sockets.
  #checkTipSoon(): void {
    if (this.#hasTipCheck || !this.#isAtTip) return;
    this.#hasTipCheck = true;
    setImmediate(() => {
      this.#hasTipCheck = false;
      if (this.#isAtTip) this.#finish(this.#tipPosition);
    });
  }

  // After the tip, the live feed may hold a gap.
  get #tipPosition(): number {
    const found = this.#matching === 'own-id' ? this.#live.locate(this.feed.tipId) : undefined;
    return found?.position ?? this.#live.ring.end;
  }

  get #isAtTip(): boolean {
    const { upstreamId, received, tipRun } = this.feed;
    if (this.feed.isTransforming || this.#live.isTransforming) return false;
    if (this.#matching === 'own-id') return this.feed.tipId !== '' && this.feed.tipId === this.#live.tipId;
    if (received === 0 || upstreamId === '' || upstreamId !== this.#live.upstreamId) return false;
    return tipRun === this.#live.tipRun || !this.#live.ring.endsWithId(upstreamId);
  }

  /** True if it received events in the last second, and its readers do not hold it back. */
  get isBusy(): boolean {
    return this.#isBusy;
  }

  #check(): void {
    const { received, isHeldBack } = this.feed;
    this.#isBusy = received > this.#receivedBefore && !isHeldBack;
    if (received > this.#receivedBefore) this.#awayChecks = 0;
    this.#receivedBefore = received;
    const liveEnd = this.#live.ring.end;
    const newEvents = received - this.#received;
    const newLiveEvents = liveEnd - this.#liveEnd;
    if (this.#isJoin && received === 0 && !this.feed.isTransforming) return this.#finish(this.#liveStart);
    // The log of a relay may lag by more than the time for which both were quiet.
    if (this.#isJoin && newEvents + newLiveEvents === 0 && this.#endsLikeLive)
      return this.#live.isRelayed ? this.#giveUp() : this.#finish(liveEnd);
    // While its own readers hold the connection back, it can't reach the live feed. `slowClient` bounds how long.
    if (isHeldBack) return;
    // An outage loses nothing, since the connection resumes. `resume.maxOutageMs` bounds it too.
    if (this.feed.isReconnecting && ++this.#awayChecks < maxAwayChecks) return;
    if (liveEnd === this.#liveStart || ++this.#checks < maxUnmatchedChecks) {
      if (this.#isJoin) [this.#received, this.#liveEnd] = [received, liveEnd];
      return;
    }
    this.#checks = 0;
    [this.#received, this.#liveEnd] = [received, liveEnd];
    // A backfill that receives more than the live feed, or has not reached the frames that it holds, is still
    // replaying.
    if (!this.#isJoin && newEvents > 0 && (newEvents > newLiveEvents || this.#isBehindLive)) return;
    this.#giveUp();
  }

  /** True if ids are numbers and the last one here precedes every event that the live feed's ring holds. */
  get #isBehindLive(): boolean {
    const { oldestUpstreamId } = this.#live.ring;
    return oldestUpstreamId !== undefined && isLower(this.feed.upstreamId, oldestUpstreamId);
  }

  // Without ids nothing can be proven. The evidence is that both connections are quiet, and that the live feed has
  // received nothing meanwhile or both have received the same event last.
  get #endsLikeLive(): boolean {
    if (this.feed.upstreamId !== '' || this.#live.upstreamId !== '') return false;
    if (this.feed.isTransforming || this.#live.isTransforming || this.#live.isHeldBack) return false;
    return this.#live.ring.end === this.#liveStart || this.feed.ring.endsLike(this.#live.ring);
  }

  #giveUp(): void {
    const now = Date.now();
    const gap = { reason: 'unmatched', from: now, to: now } as const;
    this.feed.reportGap(gap);
    this.#finish(this.#live.ring.end);
  }

  #finish(position: number): void {
    this.#live.flush();
    this.feed.moveMembers(this.#live, position);
  }
}
