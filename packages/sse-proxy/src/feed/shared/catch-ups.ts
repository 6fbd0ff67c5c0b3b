import { maxBackfills } from '../../config/defaults.ts';
import { SseProxyError } from '../../errors.ts';
import type { OpenFeed } from '../../types.ts';
import type { UpstreamRequest } from '../../upstream/upstream.ts';
import { BackfillQueue } from './backfill-queue.ts';
import { CatchUp, type Matching } from './catch-up.ts';
import type { SharedFeed, SharedParts } from './shared-feed.ts';
import type { SharedSubscription } from './shared-subscription.ts';

const nothing = () => {};

/** What {@link CatchUps} need from their group. */
export interface CatchUpOwner {
  readonly feed: SharedFeed;
  /** How join connections, and backfills, find their place in the live feed. */
  readonly joinMatching: Matching;
  readonly backfillMatching: Matching;
  /** Returns the release of a permit for one upstream connection. @throws SseProxyError at `limits.upstreams` */
  acquirePermit(): () => void;
  /** Makes the request with which `feed` connects. */
  prepare(feed: SharedFeed): Promise<UpstreamRequest>;
  makeJoin(parts: CatchUpParts): SharedFeed;
  /** `onUnknown` is called if the cursor is an id of the proxy's own that the log does not hold. */
  makeBackfill(cursor: string, parts: CatchUpParts, onUnknown: () => void): SharedFeed;
  /** Gives a subscription its place. @throws SseProxyError if that needs a connection beyond `limits.upstreams` */
  admit(subscription: SharedSubscription): void;
  /** Gives a place to a subscription whose cursor can't be found anywhere. */
  admitUnknown(subscription: SharedSubscription): void;
}

/** What a connection beside a live feed is made of. */
export type CatchUpParts = Pick<SharedParts, 'matcher' | 'live' | 'onClosed'>;

/** The join connections and backfills beside a live feed, and the browsers that wait for a backfill. */
export class CatchUps {
  readonly #owner: CatchUpOwner;
  readonly #queue = new BackfillQueue(() => [...this.#backfills].some(({ isBusy }) => isBusy));
  readonly #backfills = new Set<CatchUp>();
  readonly #joins = new Set<CatchUp>();
  /** The join connection that serves newcomers, while it holds its first frames. */
  #join: CatchUp | undefined;
  #onReconnected: (() => void)[] = [];

  constructor(owner: CatchUpOwner) {
    this.#owner = owner;
  }

  /** Ends the connections that have no member. */
  endUnused(): void {
    for (const { feed } of [...this.#joins, ...this.#backfills])
      if (feed.members.size === 0) feed.end('upstream-ended', undefined);
  }

  /** Frozen descriptions of the feeds. */
  describe(route: string): OpenFeed[] {
    const joins = [...this.#joins].map(({ feed }) => feed.describe('join', route));
    return [...joins, ...[...this.#backfills].map(({ feed }) => feed.describe('backfill', route))];
  }

  /** The live feed has its upstream back: sends the requests that were delayed until then. */
  onReconnected(): void {
    for (const connect of this.#onReconnected.splice(0)) connect();
  }

  /** Places a browser without an id in a join connection. @throws SseProxyError at `limits.upstreams` */
  join(subscription: SharedSubscription): void {
    const { feed: live } = this.#owner;
    // A join connection whose first frames are forgotten can't serve another browser.
    let join = this.#join;
    if (!join || join.feed.hasEnded || join.feed.ring.start > join.start) join = this.#openJoin(subscription);
    this.#join = join;
    subscription.place(join.feed, join.start);
    if (live.isReconnecting) subscription.openWith(live.ready);
  }

  #openJoin({ request }: SharedSubscription): CatchUp {
    const { joinMatching, makeJoin } = this.#owner;
    const onClosed = () => {
      this.#joins.delete(catchUp);
      if (this.#join === catchUp) this.#join = undefined;
    };
    const catchUp = this.#open(true, joinMatching, makeJoin, onClosed);
    this.#joins.add(catchUp);
    // While the upstream is lost, the connection would only be refused.
    const openedAt = Date.now();
    if (this.#owner.feed.isReconnecting) this.#onReconnected.push(() => void this.#connectLater(catchUp, openedAt));
    else catchUp.connect(request);
    return catchUp;
  }

  // Its browsers' streams were opened during the outage: events of that time may be missing.
  async #connectLater(catchUp: CatchUp, openedAt: number): Promise<void> {
    // Rejects only if the connection has ended meanwhile.
    const request = await this.#owner.prepare(catchUp.feed).catch(() => undefined);
    if (!request || catchUp.feed.hasEnded) return;
    for (const member of catchUp.feed.members as Set<SharedSubscription>) if (member.handler) member.reportState();
    catchUp.feed.reportGap({ reason: 'unmatched', from: openedAt, to: Date.now() });
    catchUp.start = catchUp.feed.ring.end;
    catchUp.connect(request);
  }

  /**
   * Serves a browser whose id the live feed's ring doesn't hold any more: places it in a running backfill, opens one,
   * or queues it. @throws SseProxyError at `limits.upstreams`
   */
  backfill(subscription: SharedSubscription): void {
    for (const { feed } of this.#backfills) {
      const found = feed.locate(subscription.cursor);
      if (found?.isProven) return subscription.place(feed, found.position);
    }
    if (this.#backfills.size === 0) this.#openBackfill(subscription);
    else this.#queue.add(subscription, () => this.#admitFromQueue(subscription));
  }

  #admitFromQueue(subscription: SharedSubscription): void {
    if (this.#owner.feed.locate(subscription.cursor)) return this.#owner.admit(subscription);
    if (this.#backfills.size >= maxBackfills) throw new SseProxyError('ERR_SSE_OVERLOAD');
    this.#openBackfill(subscription);
  }

  #openBackfill(subscription: SharedSubscription): void {
    const { backfillMatching, makeBackfill } = this.#owner;
    const make = (parts: CatchUpParts) => makeBackfill(subscription.cursor, parts, () => this.#onUnknown(catchUp));
    const catchUp = this.#open(false, backfillMatching, make, () => {
      this.#backfills.delete(catchUp);
      this.#queue.next(() => this.#backfills.size === 0);
    });
    this.#backfills.add(catchUp);
    const isByOwnId = backfillMatching === 'own-id';
    catchUp.feed.followers.add({
      onLiveFrame: isByOwnId ? nothing : (id) => this.#queue.serve(catchUp.feed, id),
      onLiveChunkEnd: isByOwnId ? () => this.#queue.serveAll(catchUp.feed) : nothing,
      onLiveEnd: nothing,
    });
    catchUp.connect(subscription.request);
    subscription.place(catchUp.feed, 0);
  }

  #onUnknown({ feed }: CatchUp): void {
    for (const member of [...feed.members] as SharedSubscription[]) {
      member.leaveFeed();
      this.#owner.admitUnknown(member);
    }
    feed.end('upstream-ended', undefined);
  }

  #open(isJoin: boolean, matching: Matching, make: (parts: CatchUpParts) => SharedFeed, onClosed: () => void): CatchUp {
    const { feed: live } = this.#owner;
    const release = this.#owner.acquirePermit();
    return new CatchUp(live, isJoin, matching, (matcher) =>
      make({
        matcher,
        live,
        onClosed: () => {
          release();
          matcher.stop();
          onClosed();
        },
      }),
    );
  }

  /** Removes a subscription from the queue, if it is there. */
  remove(subscription: SharedSubscription): void {
    this.#queue.remove(subscription);
  }

  /** The live feed has ended: refuses the browsers in the queue. */
  clear(error: SseProxyError | undefined): void {
    this.#queue.clear(error);
  }
}
