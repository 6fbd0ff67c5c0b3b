import type { IncomingHttpHeaders } from 'node:http';
import { SseProxyError } from '../../errors.ts';
import type { TickListener } from '../../lifecycle/ticker.ts';
import { gapBytes } from '../../sse/events.ts';
import type { CloseReason, OpenFeed, SpanReference } from '../../types.ts';
import type { UpstreamRequest } from '../../upstream/upstream.ts';
import { Feed } from '../feed.ts';
import type { FeedListener, FeedParts, Gap } from '../feed-parts.ts';
import { BackfillFeed } from '../relay/backfill-feed.ts';
import type { RelayParts } from '../relay/relay-parts.ts';
import { RelayedFeed } from '../relay/relayed-feed.ts';
import type { SubscriptionState } from '../subscription.ts';
import { FeedMembers } from './feed-members.ts';
import type { Reader } from './reader-group.ts';
import type { FrameParts } from './shared-frames.ts';
import { type SharedTransform, type TransformedHandler, TransformStage } from './transform-stage.ts';

/** One browser of a shared feed: a reader, or one that has not begun to read yet. */
export interface Member extends Reader {
  /** Moves it to another feed, once it has read this one up to where the other goes on. */
  moveTo(feed: SharedFeed, position: number): void;
}

/** Constructor arguments of a {@link SharedFeed}. */
export interface SharedParts extends Omit<FeedParts, 'handler' | 'retainFrames'>, FrameParts {
  /** Applied to each event before it is stored; undefined: events are stored as the upstream sends them. */
  readonly transform: SharedTransform | undefined;
  /** Set if instances share this feed. */
  readonly relayed?: RelayParts | undefined;
  /** Set for a backfill of such a feed. */
  readonly relayedBackfill?: RelayParts | undefined;
  /** The feed that a backfill or a join connection belongs to. */
  readonly live?: SharedFeed;
  /** The upstream is back after an outage. */
  readonly onReconnected?: () => void;
  /**
   * Called once, when the upstream connection is closed for good. Readers may still have to read what is in the ring.
   */
  readonly onClosed: (reason: CloseReason, error: SseProxyError | undefined) => void;
}

let feeds = 0;

/**
 * One upstream subscription for many browsers: framed once, stored in a ring, sent to all of them.
 *
 * This class is its connection, {@link FeedMembers} its browsers, and `SharedFrames` the frame path. They are one
 * object because a second one would cost every event a cache miss.
 */
export class SharedFeed extends FeedMembers<Member> implements TickListener, TransformedHandler {
  /** See {@link Subscription.ready}. Rejects if the feed ends before. */
  readonly ready: Promise<IncomingHttpHeaders | undefined>;
  readonly #parts: SharedParts;
  readonly #feed: Feed;
  readonly #transformStage: TransformStage | undefined;
  readonly #resolve: (headers: IncomingHttpHeaders | undefined) => void;
  readonly #reject: (error: SseProxyError) => void;
  #hasHeaders = false;
  readonly #id = `feed-${++feeds}`;
  readonly #since = new Date().toISOString();

  constructor(parts: SharedParts) {
    super(parts);
    this.#parts = parts;
    parts.ticker.add(this);
    const feedListener: FeedListener = {
      onUpstreamLost: (...lost) => this.#parts.feedListener.onUpstreamLost(...lost),
      onResume: (...resumed) => this.#onReconnected(...resumed),
      onGap: (gap, browsers) => this.#onGap(gap, browsers),
    };
    const stage = parts.transform && new TransformStage(parts.transform, this, parts.assigner);
    this.#transformStage = stage;
    // The next request may be another user's: events of this one must be stored before it.
    const prepare = stage ? () => stage.whenIdle().then(parts.prepare) : parts.prepare;
    const feedParts = { ...parts, handler: stage ?? this, feedListener, prepare, retainFrames: false };
    if (parts.relayed) this.#feed = new RelayedFeed(feedParts, parts.relayed);
    else if (parts.relayedBackfill) this.#feed = new BackfillFeed(feedParts, parts.relayedBackfill);
    else this.#feed = new Feed(feedParts);
    this.#feed.pause();
    const { promise, resolve, reject } = Promise.withResolvers<IncomingHttpHeaders | undefined>();
    this.ready = promise;
    this.#resolve = resolve;
    this.#reject = reject;
    // Members have promises of their own: without a member, nothing else would handle a rejection of this one.
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
   * Sends the first request of a feed that continues another one in its outage: a failed attempt is repeated.
   * `isReported`: the outage has been reported to the browsers.
   */
  reconnect(request: UpstreamRequest, isReported: boolean): void {
    this.#feed.reconnect(request, isReported).then((headers) => this.#onHeaders(headers));
  }

  #onHeaders(headers: IncomingHttpHeaders | undefined): void {
    this.#hasHeaders = true;
    this.#resolve(headers);
    this.applyBackPressure();
  }

  #onReconnected(attempts: number, outageMs: number, browsers: number): void {
    this.#parts.feedListener.onResume(attempts, outageMs, browsers);
    this.#parts.onReconnected?.();
  }

  #onGap(gap: Gap, browsers: number): void {
    if (gap.reason === 'ids-restarted') this.restartIds();
    this.#parts.feedListener.onGap(gap, browsers);
  }

  /** Sends a gap to the members, after what they have still to read. */
  reportGap(gap: Gap): void {
    this.onControlEvent(gapBytes(gap), true);
    this.#parts.feedListener.onGap(gap, this.browsers);
  }

  /** The control event that explains to a browser why no events can arrive; undefined if they can. */
  get upstreamState(): Buffer | undefined {
    return this.#feed.upstreamState ?? this.#parts.live?.upstreamState;
  }

  /** True if an upstream with ids is requested again after its clean end. */
  get resumesAfterEnd(): boolean {
    const { resume } = this.#parts.config;
    return resume !== false && resume.afterEnd === 'resume';
  }

  /** True if its events come from the log of a relay, where another instance may have stored them. */
  get isRelayed(): boolean {
    return this.#parts.relayed !== undefined;
  }

  /** True while the upstream is lost and the feed tries to reconnect. */
  get isReconnecting(): boolean {
    return this.#feed.isReconnecting;
  }

  /** A frozen description; `kind` and `route` are its group's. */
  describe(kind: OpenFeed['kind'], route: string): OpenFeed {
    const { status: upstream, outageMs } = this.#feed;
    const replay = { replayEvents: this.ring.end - this.ring.start, replayBytes: this.ring.bytes };
    return Object.freeze({
      id: this.#id,
      kind,
      route,
      since: this.#since,
      upstream,
      role: this.#feed instanceof RelayedFeed ? this.#feed.role : undefined,
      outageMs,
      browsers: this.browsers,
      ...replay,
    });
  }

  /** The span of the current upstream request; undefined without a tracing agent. */
  get span(): SpanReference | undefined {
    return this.#feed.span;
  }

  /** What {@link Subscription.describe} returns for a member. */
  describeMember(member: Member): SubscriptionState {
    const { status: upstream, outageMs } = this.#feed;
    const { frames: behindEvents, bytes: behindBytes } = this.readers.lagOf(member);
    return { feed: this.#id, upstream, outageMs, behindEvents, behindBytes };
  }

  /** True while the upstream is not read: see {@link FeedMembers}, or because `share.transform` is behind. */
  override get isHeldBack(): boolean {
    return super.isHeldBack || (this.#transformStage?.isFull ?? false);
  }

  protected get flowsAtOnce(): boolean {
    return this.#hasHeaders && !this.#parts.matcher;
  }

  /** True while `share.transform` is pending: events that were received are not stored yet. */
  get isTransforming(): boolean {
    return this.#transformStage?.isPending ?? false;
  }

  onBacklog(): void {
    this.applyBackPressure();
  }

  /** The members have everything before `position` of `other`: the upstream's repeats of that are dropped. */
  recordDelivered(other: SharedFeed, position: number): void {
    for (const { buffer, start, end, id, digest } of other.ring.framesBefore(position))
      if (digest === undefined) this.#feed.recordDelivered(buffer, start, end, id);
      else this.#feed.recordDigest(digest, id);
  }

  // Back pressure is applied only while every reader is behind; otherwise one slow reader would delay the live ones.
  protected applyBackPressure(): void {
    if (this.hasEnded) return;
    if (this.isHeldBack) this.#feed.pause();
    else this.#feed.resume();
  }

  /**
   * Ends the upstream connection; every member goes on in `feed` at `position` once it has read what is in the ring.
   */
  moveMembers(feed: SharedFeed, position: number): void {
    this.flush();
    if (this.hasEnded) return;
    this.dismissal = (member) => member.moveTo(feed, position);
    this.discardsFrames = true;
    // Without headers only members that were opened early have begun to read.
    if (!this.#hasHeaders) this.dismissUnread();
    this.#close('upstream-ended', undefined);
    this.dismissLive();
  }

  // Everything that was read is delivered before the end: readers that are behind get it when they have caught up.
  onEnd(reason: CloseReason, error: SseProxyError | undefined, notBeforeMs?: number): void {
    this.flush();
    if (this.hasEnded) return;
    this.dismissal = (member) => member.handler.onEnd(reason, error, notBeforeMs);
    this.#close(reason, error);
    this.dismissLive();
  }

  #close(reason: CloseReason, error: SseProxyError | undefined): void {
    this.#parts.ticker.remove(this);
    this.#feed.close();
    this.#transformStage?.close();
    this.#reject(error ?? new SseProxyError('ERR_SSE_UPSTREAM_BROKEN', { message: `the feed has ended: ${reason}` }));
    this.#parts.onClosed(reason, error);
    for (const follower of [...this.followers]) follower.onLiveEnd(reason, error);
  }

  /** Ends the feed from outside, as if it had ended by itself. */
  end(reason: CloseReason, error: SseProxyError | undefined): void {
    this.onEnd(reason, error);
  }
}
