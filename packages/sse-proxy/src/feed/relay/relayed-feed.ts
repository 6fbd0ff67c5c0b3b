import type { UpstreamState } from '../../sse/events.ts';
import type { FeedParts } from '../feed-parts.ts';
import { LogFeed } from './log-feed.ts';
import type { LastEvent } from './log-tail.ts';
import { RelayCall } from './relay-call.ts';
import { endError, type RelayedEnd } from './relay-meta.ts';
import type { RelayParts, RelayTarget } from './relay-parts.ts';

/**
 * A feed that instances share: its upstream is the log of a `FeedRelay`, or while that can't be used, the real
 * upstream. It is never silent by itself: the feed that reads the real upstream detects silence.
 */
export class RelayedFeed extends LogFeed implements RelayTarget {
  /** When the upstream was reported as lost, on the monotonic clock; undefined if it is not. */
  #lostAt: number | undefined;

  constructor(parts: FeedParts, relayed: RelayParts) {
    super(parts, relayed, (feed: RelayedFeed, call) => new RelayCall(feed, call));
  }

  protected override onOpened(): void {}

  beginAfter({ id, bytes }: LastEvent): void {
    if (bytes) this.recordDelivered(bytes, 0, bytes.length, id);
    this.cursorId = id;
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
