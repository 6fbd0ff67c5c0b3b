import type { UpstreamState } from '../../sse/events.ts';
import type { FeedRelay, RelayBounds } from '../../types.ts';
import type { UpstreamHandler, UpstreamRequest } from '../../upstream/upstream.ts';
import type { Feed } from '../feed.ts';
import type { FeedParts } from '../feed-parts.ts';
import type { BeginningFeed } from './first-place.ts';
import type { LastEvent } from './log-tail.ts';
import type { PlacedFeed } from './place-finder.ts';
import type { RelayedEnd } from './relay-meta.ts';

/** How a feed is relayed. */
export interface RelayParts {
  readonly relay: FeedRelay;
  readonly bounds: RelayBounds;
  /** The key of the feed that `request` belongs to, the same in all instances. */
  keyOf(request: UpstreamRequest): string;
  /** True if a browser without an id gets what the feed receives from now on: `share.join` is `'live'`. */
  readonly joinsLive: boolean;
  /** Set if events have ids of the proxy's own: receives the ids that come with the events of the log. */
  readonly ids: OwnIds | undefined;
  /**
   * The proxy's own id of the last event that the browser which opens the feed has received; empty if there is none.
   * The feed begins after that event if the log holds it.
   */
  readonly firstId: string;
  /** The feed begins after this event, which it has not received. */
  onTip(last: LastEvent): void;
  /** The log of a backfill does not hold `firstId`, or can't be read. */
  onUnknown?(): void;
}

/** Ids of the proxy's own that come with the events of a log. */
export interface OwnIds {
  /** The id of the event that is being delivered; undefined if it came without one. */
  current: string | undefined;
  /** The id of the newest event; empty if none is known. */
  tipId: string;
}

/** The feed that a `RelayCall` delivers to: a `RelayedFeed`. */
export interface RelayTarget extends Feed, PlacedFeed, BeginningFeed {
  /** Events, and the proxy's own id of the first of them. */
  onEvents(data: Buffer, ids: string | undefined): void;
  /**
   * True if it began after an event without a known id or content, and has received none since: it can't succeed a
   * leader.
   */
  readonly isTailUnknown: boolean;
  /** Treats an event as delivered: what follows continues it. */
  beginAfter(last: LastEvent): void;
  /** Reports the upstream's state, which the instance that reads the upstream has detected. */
  relayState(state: UpstreamState, since: number): void;
  /** Ends the feed as it has ended in the instance that reads the upstream. */
  relayEnd(end: RelayedEnd): void;
}

/** Constructor arguments of a `RelayCall` or a `BackfillCall`. */
export interface CallParts {
  /** Those of the feed, with the real upstream. */
  readonly parts: FeedParts;
  readonly relayed: RelayParts;
  readonly request: UpstreamRequest;
  readonly handler: UpstreamHandler;
}
