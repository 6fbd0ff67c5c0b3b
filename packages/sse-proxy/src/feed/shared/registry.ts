import type { ShareConfig } from '../../config/options.ts';
import type { UpstreamPermits } from '../../config/upstream-permits.ts';
import { SseProxyError } from '../../errors.ts';
import type { OpenFeed } from '../../types.ts';
import type { UpstreamRequest } from '../../upstream/upstream.ts';
import type { Subscription } from '../subscription.ts';
import { FeedGroup, type GroupContext, type GroupOwner } from './feed-group.ts';
import { FreshTokenWarning } from './fresh-token-warning.ts';
import { groupByRequest, type IdentityGroup } from './identity.ts';
import type { SharedFeed } from './shared-feed.ts';
import type { JoinRequest, SharedRequest } from './shared-request.ts';
import { type Departure, SharedSubscription } from './shared-subscription.ts';

/** What a {@link Registry} needs from its middleware. */
export interface RegistryContext extends GroupContext {
  readonly upstreamPermits: UpstreamPermits;
}

/** The shared feeds of one middleware, by a key of all that goes up for a browser [R51]. */
export class Registry implements GroupOwner {
  readonly #context: RegistryContext;
  readonly #share: ShareConfig;
  readonly #groups = new Map<string, FeedGroup>();
  readonly #freshTokenWarning = new FreshTokenWarning();

  constructor(context: RegistryContext, share: ShareConfig) {
    this.#context = context;
    this.#share = share;
  }

  /** Number of live feeds, those that linger included. */
  get size(): number {
    return this.#groups.size;
  }

  /** Frozen descriptions of the feeds, backfills and joins included. */
  describe(): OpenFeed[] {
    return [...this.#groups.values()].flatMap((group) => group.describe());
  }

  /**
   * Gives a browser a place in the feed for its request; opens the feed if there is none.
   *
   * @throws SseProxyError at `limits.upstreams`
   */
  join(join: JoinRequest): Subscription {
    this.#freshTokenWarning.check(join);
    const subscription = new SharedSubscription(join);
    const { made, cursor } = join;
    const known = this.#groups.get(made.key);
    const group = known ?? this.#create(made, cursor, subscription);
    // The requests are equal: one copy for all browsers.
    if (!group.isDynamic) subscription.request = group.request;
    subscription.belongTo(group);
    try {
      group.admit(subscription);
    } catch (error) {
      subscription.close();
      throw error;
    }
    if (!known) group.feed.connect(made.request);
    return subscription;
  }

  /** Ends all feeds, lingering ones too. */
  close(): void {
    for (const { feed } of [...this.#groups.values()]) feed.end('draining', undefined);
  }

  acquirePermit(): () => void {
    const { upstreamPermits } = this.#context;
    for (;;) {
      const release = upstreamPermits.tryAcquire();
      if (release) return release;
      const lingering = this.#longestLingering();
      if (!lingering) return upstreamPermits.acquire();
      lingering.feed.end('upstream-ended', undefined);
    }
  }

  #longestLingering(): FeedGroup | undefined {
    let longest: FeedGroup | undefined;
    for (const group of this.#groups.values()) {
      if (group.lingersSince !== undefined && group.lingersSince < (longest?.lingersSince ?? Number.POSITIVE_INFINITY))
        longest = group;
    }
    return longest;
  }

  onGroupEnd(group: FeedGroup): void {
    if (this.#groups.get(group.key) === group) this.#groups.delete(group.key);
  }

  #create(made: SharedRequest, cursor: string, subscription: SharedSubscription): FeedGroup {
    const release = this.acquirePermit();
    const group = new FeedGroup(this.#context, this.#share, this, made, cursor, subscription, release);
    this.#groups.set(made.key, group);
    return group;
  }

  // The hooks are called again for every browser of the feed. Those with equal results stay together; the largest such
  // group keeps the feed if none has its key, and the others move to the feed of their own key, with their cursor.
  async prepare(group: FeedGroup, feed: SharedFeed): Promise<UpstreamRequest> {
    for (;;) {
      if (!group.isDynamic)
        return feed === group.feed ? group.request : (group.usersOf(feed)[0]?.request ?? group.request);
      // A feed that lingers has no browser whose hooks could be called.
      await group.whenNeeded(feed);
      const members = group.usersOf(feed);
      const { groups, late } = await groupByRequest(members);
      if (feed.hasEnded) throw new SseProxyError('ERR_SSE_UPSTREAM_BROKEN');
      const stays = this.#choose(groups, group, feed);
      for (const [subscription, made] of late) void this.#moveWhenMade(group, subscription, made);
      for (const identity of groups) if (identity !== stays) this.#moveAll(group, identity);
      group.endUnused();
      if (!stays) continue;
      if (stays.key !== group.key) this.#rename(group, stays, members);
      group.request = stays.request;
      return stays.request;
    }
  }

  #choose(groups: readonly IdentityGroup[], group: FeedGroup, feed: SharedFeed): IdentityGroup | undefined {
    const same = groups.find(({ key }) => key === group.key);
    // A backfill is part of its group: its browsers can only stay with the group's key.
    if (same || feed !== group.feed) return same;
    const free = groups.filter(({ key }) => !this.#groups.has(key));
    return free.sort((left, right) => right.subscriptions.length - left.subscriptions.length)[0];
  }

  #rename(group: FeedGroup, { key }: IdentityGroup, members: readonly SharedSubscription[]): void {
    this.#groups.delete(group.key);
    this.#groups.set(key, group);
    group.key = key;
    group.feed.seal();
    // Browsers that joined meanwhile, or are catching up, did so with the former request. A connection that has ended
    // may still have readers, which move to the live feed afterwards.
    for (const subscription of group.usersOf(group.feed)) {
      if (subscription.feed === group.feed && members.includes(subscription)) continue;
      const made = subscription.builder?.build();
      if (made) void this.#moveWhenMade(group, subscription, made);
    }
    // Backfills and the join connection were opened with the former request: no browser may be placed there any more.
    group.endUnused();
  }

  #moveAll(from: FeedGroup, { key, request, subscriptions }: IdentityGroup): void {
    for (const subscription of subscriptions) {
      const departure = from.takeOut(subscription);
      this.#move(subscription, { key, request, looseKey: '' }, departure);
    }
  }

  async #moveWhenMade(from: FeedGroup, subscription: SharedSubscription, made: Promise<SharedRequest>): Promise<void> {
    const departure = from.takeOut(subscription);
    subscription.isMoving = true;
    try {
      const settled = await made;
      subscription.isMoving = false;
      this.#move(subscription, settled, departure);
    } catch (error) {
      subscription.isMoving = false;
      subscription.fail(error);
    }
    from.wake();
  }

  #move(subscription: SharedSubscription, made: SharedRequest, departure: Departure | undefined): void {
    if (subscription.isClosed) return;
    subscription.request = made.request;
    try {
      const known = this.#groups.get(made.key);
      if (known) {
        subscription.belongTo(known);
        if (departure) known.readmit(subscription, departure);
        else known.admit(subscription);
      } else this.#continue(subscription, made, departure);
    } catch (error) {
      subscription.fail(error);
    }
  }

  /** Opens a feed that goes on for a browser where its last one stopped. */
  #continue(subscription: SharedSubscription, made: SharedRequest, departure: Departure | undefined): void {
    const { cursor } = subscription;
    const isAssigned = this.#share.ids === 'assign';
    const isAtEnd = departure !== undefined && departure.position === departure.feed.ring.end;
    const upstreamCursor = isAssigned ? (isAtEnd ? departure.feed.upstreamId : '') : cursor;
    const group = this.#create(made, upstreamCursor, subscription);
    subscription.belongTo(group);
    if (departure && !isAssigned) group.feed.recordDelivered(departure.feed, departure.position);
    subscription.place(
      group.feed,
      0,
      departure && !departure.isExact ? group.gapPreamble(subscription, 'no-ids') : undefined,
    );
    group.feed.reconnect(made.request, departure?.wasReportedAway ?? false);
  }
}
