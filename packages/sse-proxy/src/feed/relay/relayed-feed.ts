import type { UpstreamState } from '../../sse/events.ts';
import { TokenBackoff } from '../../upstream/token-backoff.ts';
import type { Upstream, UpstreamHandler, UpstreamRequest } from '../../upstream/upstream.ts';
import { Feed } from '../feed.ts';
import type { FeedParts, Gap } from '../feed-parts.ts';
import { RelayCall } from './relay-call.ts';
import { endError, type RelayedEnd } from './relay-meta.ts';
import type { RelayParts, RelayTarget } from './relay-parts.ts';

/**
 * A feed that instances share: its upstream is the log of a `FeedRelay`, or while that can't be used, the real
 * upstream. It is never silent by itself: the feed that reads the real upstream detects silence.
 */
export class RelayedFeed extends Feed implements RelayTarget {
  /** When the upstream was reported as lost, on the monotonic clock; undefined if it is not. */
  #lostAt: number | undefined;

  constructor(parts: FeedParts, relayed: RelayParts) {
    const owner: { feed?: RelayedFeed } = {};
    const upstream: Upstream = {
      connections: 0,
      tokenBackoff: new TokenBackoff(),
      open: (request: UpstreamRequest, handler: UpstreamHandler) =>
        new RelayCall(owner.feed as RelayedFeed, { parts, relayed, request, handler }),
    };
    super({ ...parts, upstream });
    owner.feed = this;
  }

  protected override onOpened(): void {}

  /** The id of the last event that was delivered, as a byte string; empty if there is none. */
  get lastId(): string {
    return this.cursor;
  }

  /** True if no event was delivered yet, on this connection or before. */
  get isUntouched(): boolean {
    return this.lastContent === undefined;
  }

  /** Reports a gap that was found where the upstream is read. */
  relayGap(gap: Gap): void {
    this.sendGap(gap);
  }

  /** Reports the upstream's state, as it is known where the upstream is read. */
  relayState(state: UpstreamState, since: number): void {
    this.#lostAt = state === 'lost' ? (this.#lostAt ?? performance.now()) : undefined;
    if (state === 'restored') this.endReport();
    else this.reporter().begin(state, since, 'now');
  }

  /** Ends the feed as it has ended where the upstream is read. */
  relayEnd(end: RelayedEnd): void {
    this.finish(end.reason, endError(end));
  }

  override get outageMs(): number {
    return this.#lostAt === undefined ? super.outageMs : performance.now() - this.#lostAt;
  }
}
