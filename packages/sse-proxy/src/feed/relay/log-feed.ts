import { TokenBackoff } from '../../upstream/token-backoff.ts';
import type { UpstreamConnection } from '../../upstream/upstream.ts';
import { Feed } from '../feed.ts';
import type { FeedParts, Gap } from '../feed-parts.ts';
import type { CallParts, RelayParts } from './relay-parts.ts';
import { ReplayCall } from './replay-call.ts';

/** A feed whose upstream is a log, or the real upstream. */
export abstract class LogFeed extends Feed {
  constructor(parts: FeedParts, relayed: RelayParts, open: (feed: never, call: CallParts) => UpstreamConnection) {
    const owner: { feed?: LogFeed } = {};
    super({
      ...parts,
      upstream: {
        connections: 0,
        tokenBackoff: new TokenBackoff(),
        open: (request, handler) => open(owner.feed as never, { parts, relayed, request, handler }),
      },
    });
    owner.feed = this;
  }

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
}

/** The feed of a backfill: it begins in the log if that holds the browser's id. */
export class ReplayFeed extends LogFeed {
  constructor(parts: FeedParts, relayed: RelayParts) {
    super(parts, relayed, (feed: ReplayFeed, call) => new ReplayCall(feed, call));
  }
}
