import type { FeedParts } from '../feed-parts.ts';
import { BackfillCall } from './backfill-call.ts';
import { LogFeed } from './log-feed.ts';
import type { RelayParts } from './relay-parts.ts';

/** The feed of a backfill beside a `RelayedFeed`: it begins in the log if that holds the browser's id. */
export class BackfillFeed extends LogFeed {
  readonly #relayed: RelayParts;

  constructor(parts: FeedParts, relayed: RelayParts) {
    super(parts, relayed, (feed: BackfillFeed, call) => new BackfillCall(feed, call));
    this.#relayed = relayed;
  }

  get lastOwnId(): string {
    return this.#relayed.ids?.tipId ?? '';
  }

  // After an id of the proxy's own the log repeats nothing, and skips nothing.
  protected override onReconnected(attempts: number, outageMs: number): void {
    if (!this.#relayed.ids) super.onReconnected(attempts, outageMs);
  }
}
