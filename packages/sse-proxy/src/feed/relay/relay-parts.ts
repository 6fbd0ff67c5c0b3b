import type { UpstreamState } from '../../sse/events.ts';
import type { FeedRelay, RelayBounds } from '../../types.ts';
import type { UpstreamHandler, UpstreamRequest } from '../../upstream/upstream.ts';
import type { Feed } from '../feed.ts';
import type { FeedParts } from '../feed-parts.ts';
import type { LastEvent } from './log-tail.ts';
import type { PlacedFeed } from './place-finder.ts';
import type { RelayedEnd } from './relay-meta.ts';

/** How a feed is relayed. */
export interface RelayParts {
  readonly relay: FeedRelay;
  readonly bounds: RelayBounds;
  /** The key of the feed that `request` belongs to, the same in all instances. */
  keyOf(request: UpstreamRequest): string;
  /** True if a browser without an id is content with what the feed receives from now on. */
  readonly joinsLive: boolean;
  /** The feed begins behind the event with this id, which it has not received. */
  onTip(id: string): void;
}

/** The feed that a relay call delivers to. */
export interface RelayTarget extends Feed, PlacedFeed {
  /** Takes an event for delivered: what follows continues it. */
  beginAfter(last: LastEvent): void;
  /** Reports the upstream's state, as it is known where the upstream is read. */
  relayState(state: UpstreamState, since: number): void;
  /** Ends the feed as it has ended where the upstream is read. */
  relayEnd(end: RelayedEnd): void;
}

/** Constructor arguments of a relay call. */
export interface CallParts {
  /** Those of the feed, with the real upstream. */
  readonly parts: FeedParts;
  readonly relayed: RelayParts;
  readonly request: UpstreamRequest;
  readonly handler: UpstreamHandler;
}
