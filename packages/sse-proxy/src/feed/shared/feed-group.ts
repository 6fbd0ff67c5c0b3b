import type { Config, ShareConfig } from '../../config/options.ts';
import type { SseProxyError } from '../../errors.ts';
import { isSendableId } from '../../http.ts';
import type { Ticker } from '../../lifecycle/ticker.ts';
import { gapBytes } from '../../sse/events.ts';
import type { GapReason, OpenFeed } from '../../types.ts';
import type { Upstream, UpstreamRequest } from '../../upstream/upstream.ts';
import { isOwnId } from '../event-numbers.ts';
import type { FeedListener } from '../feed-parts.ts';
import { asTemporary } from '../refusals.ts';
import type { LastEvent } from '../relay/log-tail.ts';
import { IdCounter, idRemover } from './assigned-ids.ts';
import { CatchUps } from './catch-ups.ts';
import { backfillOf, type GroupRelay, relayOf } from './group-relay.ts';
import { SharedFeed, type SharedParts } from './shared-feed.ts';
import type { SharedRequest } from './shared-request.ts';
import {
  type Departure,
  type Preamble,
  type SharedSubscription,
  type SubscriptionOwner,
  tipIdPreamble,
} from './shared-subscription.ts';

/** What a group needs from its middleware. */
export interface GroupContext {
  readonly config: Config;
  readonly ticker: Ticker;
  readonly upstream: Upstream;
}

/** What differs between the feeds of a group. */
type GroupParts = Pick<SharedParts, 'cursor' | 'assigner' | 'relayed' | 'relayedBackfill' | 'onClosed'> &
  Partial<Pick<SharedParts, 'matcher' | 'live' | 'onReconnected'>>;

/** What a group needs from the registry. */
export interface GroupOwner {
  /** Returns the release of a permit for one upstream connection. @throws SseProxyError at `limits.upstreams` */
  acquirePermit(): () => void;
  /** Makes the request of a reconnect of one of the group's feeds. */
  prepare(group: FeedGroup, feed: SharedFeed): Promise<UpstreamRequest>;
  /** The group's live feed has ended. */
  onGroupEnd(group: FeedGroup): void;
}

/**
 * The feeds of browsers for which the same request goes up: a live feed, join connections, and backfills. The
 * live feed outlives the last subscription by `lingerMs`.
 */
export class FeedGroup implements SubscriptionOwner {
  key: string;
  request: UpstreamRequest;
  /** True if function hooks make the request, so that it may change. */
  readonly isDynamic: boolean;
  readonly feed: SharedFeed;
  readonly #context: GroupContext;
  readonly #share: ShareConfig;
  readonly #owner: GroupOwner;
  readonly #listener: FeedListener;
  readonly #catchUps: CatchUps;
  /** True if events get ids of our own. */
  readonly #assigns: boolean;
  /** Set if instances share the live feed. */
  readonly #relayed: GroupRelay | undefined;
  readonly #subscriptions = new Set<SharedSubscription>();
  #linger: NodeJS.Timeout | undefined;
  #hasEnded = false;
  #onNeeded: (() => void)[] = [];

  /** `cursor`: the Last-Event-ID of the first request. */
  constructor(
    context: GroupContext,
    share: ShareConfig,
    owner: GroupOwner,
    made: SharedRequest,
    cursor: string,
    { builder, feedListener }: SharedSubscription,
    releasePermit: () => void,
  ) {
    this.#context = context;
    this.#share = share;
    this.#owner = owner;
    this.#listener = feedListener;
    this.isDynamic = builder !== undefined;
    this.key = made.key;
    this.request = made.request;
    this.#assigns = share.ids === 'assign';
    const relayed = relayOf(share, feedListener.route ?? '', cursor, (last) => this.#beginAfter(last));
    this.#relayed = relayed;
    this.feed = this.#makeFeed({
      cursor: this.#assigns ? '' : cursor,
      relayed,
      assigner: relayed?.ids ?? (this.#assigns ? new IdCounter() : undefined),
      onClosed: (_, error) => {
        releasePermit();
        this.#onEnd(error);
      },
      onReconnected: () => this.#catchUps.onReconnected(),
    });
    this.#catchUps = new CatchUps({
      feed: this.feed,
      joinMatching: this.#assigns ? 'content' : 'id',
      backfillMatching: relayed?.ids ? 'own-id' : 'id',
      acquirePermit: () => owner.acquirePermit(),
      prepare: (feed) => owner.prepare(this, feed),
      makeJoin: (parts) => this.#makeFeed({ ...parts, cursor: '', assigner: this.#assigns ? idRemover : undefined }),
      makeBackfill: (first, parts, onUnknown) => this.#makeFeed({ ...parts, ...backfillOf(relayed, first, onUnknown) }),
      admit: (subscription) => this.admit(subscription),
      admitUnknown: (subscription) => this.#admitUnknown(subscription),
    });
  }

  /** When the last subscription left, on the monotonic clock; undefined while there is one. */
  lingersSince: number | undefined;

  acquire(subscription: SharedSubscription): void {
    this.#subscriptions.add(subscription);
    clearTimeout(this.#linger);
    this.lingersSince = undefined;
    // The caller places the subscription in this turn, before the feeds that wait for one continue.
    this.wake();
  }

  release(subscription: SharedSubscription): void {
    this.#catchUps.remove(subscription);
    this.#subscriptions.delete(subscription);
    this.endUnused();
    if (this.#subscriptions.size > 0 || this.#hasEnded) return;
    this.lingersSince = performance.now();
    this.#linger = setTimeout(() => this.feed.end('upstream-ended', undefined), this.#share.lingerMs);
  }

  /** Ends backfills and join connections that have no member. */
  endUnused(): void {
    this.#catchUps.endUnused();
  }

  /** Frozen descriptions of the feeds that have a connection: the live feed first. */
  describe(): OpenFeed[] {
    const route = this.#listener.route ?? '';
    return [this.feed.describe('live', route), ...this.#catchUps.describe(route)];
  }

  /**
   * The browsers for which `feed` connects. The live feed connects for all, since those that catch up move there later.
   * Browsers whose hooks are pending are left out: they are placed once the hooks have settled.
   */
  usersOf(feed: SharedFeed): SharedSubscription[] {
    const users = feed === this.feed ? this.#subscriptions : (feed.members as Set<SharedSubscription>);
    return [...users].filter((subscription) => !subscription.isMoving && !subscription.isClosed);
  }

  /** Continues the feeds that wait for a browser in {@link whenNeeded}. */
  wake(): void {
    for (const call of this.#onNeeded.splice(0)) call();
  }

  /** The subscription gives up its place, in a feed or in the queue; undefined unless it had one in a feed. */
  takeOut(subscription: SharedSubscription): Departure | undefined {
    this.#catchUps.remove(subscription);
    return subscription.leaveFeed();
  }

  /** Resolves once the feed is needed by a browser, or has ended. */
  async whenNeeded(feed: SharedFeed): Promise<void> {
    while (this.usersOf(feed).length === 0 && !feed.hasEnded)
      await new Promise<void>((resolve) => this.#onNeeded.push(resolve));
  }

  /** Gives a new subscription its place. @throws SseProxyError if that needs a connection beyond `limits.upstreams` */
  admit(subscription: SharedSubscription): void {
    if (subscription.cursor === '') return this.#admitFresh(subscription);
    const found = this.feed.locate(subscription.cursor);
    if (found?.isProven) return subscription.place(this.feed, found.position);
    // Our own ids can't be sent to the upstream. What is still held is sent, after a gap.
    if (found) return subscription.place(this.feed, found.position, this.gapPreamble(subscription, 'ids-restarted'));
    // The log of a relay may hold it.
    if (this.#relayed?.ids && isOwnId(subscription.cursor)) return this.#catchUps.backfill(subscription);
    if (this.#assigns) return this.#admitUnknown(subscription);
    if (!isSendableId(subscription.cursor))
      return subscription.place(this.feed, this.feed.ring.end, this.gapPreamble(subscription, 'unusable-id'));
    // The ring doesn't hold the browser's id any more.
    this.#catchUps.backfill(subscription);
  }

  /** It can't be determined which events the browser has: what is still held is sent, after a gap. */
  #admitUnknown(subscription: SharedSubscription): void {
    const { ring, sealedAt } = this.feed;
    subscription.place(this.feed, Math.max(ring.start, sealedAt), this.gapPreamble(subscription, 'unknown-id'));
  }

  #beginAfter({ id, ownId }: LastEvent): void {
    this.feed.upstreamId = id ?? '';
    if (!this.#relayed?.ids || ownId === undefined) return;
    this.#relayed.ids.tipId = ownId;
    this.feed.beginAfter(ownId);
  }

  /** Gives a place to a subscription that comes from another feed. */
  readmit(subscription: SharedSubscription, from: Departure): void {
    if (from.feed === this.feed && !this.feed.hasEnded) return subscription.place(this.feed, from.position);
    if (subscription.cursor !== '' && from.isExact) return this.admit(subscription);
    const { ring } = this.feed;
    subscription.place(this.feed, ring.end, this.gapPreamble(subscription, 'no-ids'));
  }

  // A feed that was opened without an id and has received nothing yet is as fresh as a join connection.
  #admitFresh(subscription: SharedSubscription): void {
    const { feed } = this;
    const isFresh = feed.firstCursor === '' && !this.#relayed?.firstId && feed.isUntouched;
    if (isFresh || this.#share.join === 'live') return subscription.place(feed, feed.ring.end, tipIdPreamble(feed));
    this.#catchUps.join(subscription);
  }

  #makeFeed(parts: GroupParts): SharedFeed {
    const { config, ticker, upstream } = this.#context;
    const { transform } = this.#share;
    const feed: SharedFeed = new SharedFeed({
      ...parts,
      config,
      ticker,
      upstream,
      assignIds: this.#assigns,
      prepare: () => this.#owner.prepare(this, feed),
      replay: this.#share.replay,
      transform: transform && { call: transform, timeoutMs: config.hookTimeoutMs },
      oneFramePerCall: Boolean(config.transform),
      maxBehindBytes: config.slowClient.maxBufferedBytes,
      feedListener: this.#listener,
    });
    return feed;
  }

  /** Sends the reader a gap: events may be missing before its first frame. */
  gapPreamble({ streamListener }: SharedSubscription, reason: GapReason): Preamble {
    return (reader) => {
      const now = Date.now();
      const gap = { reason, from: now, to: now };
      reader.onControlEvent(gapBytes(gap), false);
      streamListener.onGap(gap, 1);
    };
  }

  #onEnd(error: SseProxyError | undefined): void {
    this.#hasEnded = true;
    clearTimeout(this.#linger);
    this.#owner.onGroupEnd(this);
    this.#catchUps.clear(asTemporary(error));
  }
}
