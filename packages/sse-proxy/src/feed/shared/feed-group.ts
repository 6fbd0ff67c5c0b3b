import { maxBackfills } from '../../config/defaults.ts';
import type { Config, ShareConfig } from '../../config/options.ts';
import { SseProxyError } from '../../errors.ts';
import type { Heartbeat } from '../../lifecycle/heartbeat.ts';
import { gapBytes } from '../../sse/events.ts';
import type { GapReason } from '../../types.ts';
import type { Upstream, UpstreamRequest } from '../../upstream/upstream.ts';
import { IdCounter, idRemover } from './assigned-ids.ts';
import { BackfillQueue } from './backfill-queue.ts';
import { CatchUp } from './catch-up.ts';
import type { FeedListener } from '../feed-parts.ts';
import { asTemporary } from '../refusals.ts';
import { SharedFeed, type SharedParts } from './shared-feed.ts';
import type { SharedRequest } from './shared-request.ts';
import {
  type Departure,
  type Preamble,
  type SharedSubscription,
  type SubscriptionOwner,
  tellTipId,
} from './shared-subscription.ts';

const nothing = () => {};

/** What a group needs from its middleware. */
export interface GroupContext {
  readonly config: Config;
  readonly heartbeat: Heartbeat;
  readonly upstream: Upstream;
}

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
  readonly #queue = new BackfillQueue(() => [...this.#backfills].some(({ isBusy }) => isBusy));
  readonly #backfills = new Set<CatchUp>();
  readonly #joins = new Set<CatchUp>();
  /** The join connection that serves newcomers, while it holds its first frames. */
  #join: CatchUp | undefined;
  readonly #subscriptions = new Set<SharedSubscription>();
  #linger: NodeJS.Timeout | undefined;
  #hasEnded = false;
  #onNeeded: (() => void)[] = [];
  #onReconnected: (() => void)[] = [];

  /** `cursor`: the Last-Event-ID of the first request. */
  constructor(
    context: GroupContext,
    share: ShareConfig,
    owner: GroupOwner,
    made: SharedRequest,
    cursor: string,
    { source, feedListener }: SharedSubscription,
    releasePermit: () => void,
  ) {
    this.#context = context;
    this.#share = share;
    this.#owner = owner;
    this.#listener = feedListener;
    this.isDynamic = source !== undefined;
    this.key = made.key;
    this.request = made.request;
    this.feed = this.#makeFeed(cursor, {
      assigner: this.#assigns ? new IdCounter() : undefined,
      onClosed: (_, error) => {
        releasePermit();
        this.#onEnd(error);
      },
      onReconnected: () => {
        for (const call of this.#onReconnected.splice(0)) call();
      },
    });
  }

  get #assigns(): boolean {
    return this.#share.ids === 'assign';
  }

  /** When the last subscription left, on the monotonic clock; undefined while there is one. */
  lingersSince: number | undefined;

  acquire(subscription: SharedSubscription): void {
    this.#subscriptions.add(subscription);
    clearTimeout(this.#linger);
    this.lingersSince = undefined;
    // Its place is given in this turn.
    this.wake();
  }

  release(subscription: SharedSubscription): void {
    this.#queue.remove(subscription);
    this.#subscriptions.delete(subscription);
    this.endUnused();
    if (this.#subscriptions.size > 0 || this.#hasEnded) return;
    this.lingersSince = performance.now();
    this.#linger = setTimeout(() => this.feed.end('upstream-ended', undefined), this.#share.lingerMs);
  }

  /** Ends backfills and join connections that have no member. */
  endUnused(): void {
    for (const { feed } of this.#catchUps) if (feed.members.size === 0) feed.end('upstream-ended', undefined);
  }

  get #catchUps(): CatchUp[] {
    return [...this.#joins, ...this.#backfills];
  }

  /**
   * The browsers for which `feed` connects. Those that catch up go on in the live feed later, so it connects for all but
   * those whose hooks are pending: these are placed once they have settled.
   */
  usersOf(feed: SharedFeed): SharedSubscription[] {
    const users = feed === this.feed ? this.#subscriptions : (feed.members as Set<SharedSubscription>);
    return [...users].filter((subscription) => !subscription.isMoving && !subscription.isClosed);
  }

  /** A subscription may need a feed that waits for one. */
  wake(): void {
    for (const call of this.#onNeeded.splice(0)) call();
  }

  /** The subscription gives up its place, in a feed or in the queue; undefined unless it had one in a feed. */
  takeOut(subscription: SharedSubscription): Departure | undefined {
    this.#queue.remove(subscription);
    return subscription.leaveFeed();
  }

  /** Resolves once the feed is needed by a browser, or has ended. */
  async whenNeeded(feed: SharedFeed): Promise<void> {
    while (this.usersOf(feed).length === 0 && !feed.hasEnded)
      await new Promise<void>((resolve) => this.#onNeeded.push(resolve));
  }

  /** Gives a new subscription its place. @throws SseProxyError if that takes an upstream connection too many */
  admit(subscription: SharedSubscription): void {
    if (subscription.cursor === '') return this.#admitFresh(subscription);
    const found = this.feed.locate(subscription.cursor);
    if (found?.isProven) return subscription.place(this.feed, found.position);
    // Our own ids can't be sent to the upstream. What is still held is sent, after a gap.
    if (found) return subscription.place(this.feed, found.position, this.tellGap(subscription, 'ids-restarted'));
    if (this.#assigns) {
      const preamble = this.tellGap(subscription, 'unknown-id');
      const { ring, sealedAt } = this.feed;
      return subscription.place(this.feed, Math.max(ring.start, sealedAt), preamble);
    }
    this.#backfill(subscription);
  }

  /** Gives a place to a subscription that comes from another feed. */
  readmit(subscription: SharedSubscription, from: Departure): void {
    if (from.feed === this.feed && !this.feed.hasEnded) return subscription.place(this.feed, from.position);
    if (subscription.cursor !== '' && from.isExact) return this.admit(subscription);
    const { ring } = this.feed;
    subscription.place(this.feed, ring.end, this.tellGap(subscription, 'no-ids'));
  }

  // A feed that was opened without an id and has received nothing yet is as fresh as a join connection.
  #admitFresh(subscription: SharedSubscription): void {
    const { feed } = this;
    const isFresh = feed.firstCursor === '' && feed.isUntouched;
    if (isFresh || this.#share.join === 'live') return subscription.place(feed, feed.ring.end, tellTipId(feed));
    // A join connection whose first frames are forgotten can't serve another browser.
    let join = this.#join;
    if (!join || join.feed.hasEnded || join.feed.ring.start > join.start) join = this.#openJoin(subscription);
    this.#join = join;
    subscription.place(join.feed, join.start);
    if (feed.isReconnecting) subscription.openWith(feed.ready);
  }

  #openJoin({ request }: SharedSubscription): CatchUp {
    const catchUp = this.#open('', true, () => {
      this.#joins.delete(catchUp);
      if (this.#join === catchUp) this.#join = undefined;
    });
    this.#joins.add(catchUp);
    // While the upstream is lost, the connection would only be refused.
    const openedAt = Date.now();
    if (this.feed.isReconnecting) this.#onReconnected.push(() => void this.#connectLater(catchUp, openedAt));
    else catchUp.connect(request);
    return catchUp;
  }

  // Its browsers have been open since before the upstream was back: what happened meanwhile may be missing.
  async #connectLater(catchUp: CatchUp, openedAt: number): Promise<void> {
    const request = await this.#owner.prepare(this, catchUp.feed).catch(() => undefined);
    if (!request || catchUp.feed.hasEnded) return;
    for (const member of catchUp.feed.members as Set<SharedSubscription>) if (member.handler) member.tellState();
    catchUp.feed.reportGap({ reason: 'unmatched', from: openedAt, to: Date.now() });
    catchUp.start = catchUp.feed.ring.end;
    catchUp.connect(request);
  }

  // The ring doesn't hold the browser's id any more.
  #backfill(subscription: SharedSubscription): void {
    for (const { feed } of this.#backfills) {
      const found = feed.locate(subscription.cursor);
      if (found?.isProven) return subscription.place(feed, found.position);
    }
    if (this.#backfills.size === 0) this.#openBackfill(subscription);
    else this.#queue.add(subscription, () => this.admitFromQueue(subscription));
  }

  admitFromQueue(subscription: SharedSubscription): void {
    const found = this.feed.locate(subscription.cursor);
    if (found) return this.admit(subscription);
    if (this.#backfills.size >= maxBackfills) throw new SseProxyError('ERR_SSE_OVERLOAD');
    this.#openBackfill(subscription);
  }

  #openBackfill(subscription: SharedSubscription): void {
    const catchUp = this.#open(subscription.cursor, false, () => {
      this.#backfills.delete(catchUp);
      this.#queue.next(() => this.#backfills.size === 0);
    });
    this.#backfills.add(catchUp);
    catchUp.feed.followers.add({
      onLiveFrame: (id) => this.#queue.serve(catchUp.feed, id),
      onLiveChunkEnd: nothing,
      onLiveEnd: nothing,
    });
    catchUp.connect(subscription.request);
    subscription.place(catchUp.feed, 0);
  }

  #open(cursor: string, isJoin: boolean, onClosed: () => void): CatchUp {
    const release = this.#owner.acquirePermit();
    return new CatchUp(this.feed, isJoin, this.#assigns, (matcher) =>
      this.#makeFeed(cursor, {
        assigner: this.#assigns ? idRemover : undefined,
        matcher,
        live: this.feed,
        onClosed: () => {
          release();
          matcher.stop();
          onClosed();
        },
      }),
    );
  }

  #makeFeed(
    cursor: string,
    parts: Pick<SharedParts, 'assigner' | 'matcher' | 'live' | 'onClosed' | 'onReconnected'>,
  ): SharedFeed {
    const { config, heartbeat, upstream } = this.#context;
    const feed: SharedFeed = new SharedFeed({
      ...parts,
      config,
      heartbeat,
      upstream,
      cursor,
      assignIds: this.#assigns,
      prepare: () => this.#owner.prepare(this, feed),
      replay: this.#share.replay,
      oneFramePerCall: Boolean(config.transform),
      maxBehindBytes: config.slowClient.maxBufferedBytes,
      feedListener: this.#listener,
    });
    return feed;
  }

  /** Tells the reader that events may be missing before its first frame. */
  tellGap({ streamListener }: SharedSubscription, reason: GapReason): Preamble {
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
    this.#queue.clear(asTemporary(error));
  }
}
