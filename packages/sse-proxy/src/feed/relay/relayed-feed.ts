import type { UpstreamState } from '../../sse/events.ts';
import type { OpenFeed } from '../../types.ts';
import type { FeedParts } from '../feed-parts.ts';
import { LogFeed } from './log-feed.ts';
import type { LastEvent } from './log-tail.ts';
import { RelayCall } from './relay-call.ts';
import { endError, type RelayedEnd } from './relay-meta.ts';
import type { RelayParts, RelayTarget } from './relay-parts.ts';

const nothing = Buffer.alloc(0);

/**
 * A feed that instances share: its upstream is the log of a `FeedRelay`, or while that can't be used, the real
 * upstream. It is never silent by itself: the feed that reads the real upstream detects silence.
 */
export class RelayedFeed extends LogFeed implements RelayTarget {
  /** When the upstream was reported as lost, on the monotonic clock; undefined if it is not. */
  #lostAt: number | undefined;
  readonly #firstId: string;
  #isTailUnknown = false;
  /** The newest connection. */
  #call: RelayCall | undefined;

  constructor(parts: FeedParts, relayed: RelayParts) {
    super(parts, relayed, (feed: RelayedFeed, call) => {
      feed.#call = new RelayCall(feed, call);
      return feed.#call;
    });
    this.#firstId = relayed.firstId;
  }

  /** See {@link OpenFeed.role}. */
  get role(): OpenFeed['role'] {
    return this.#call?.role;
  }

  // Later it is recognised by the upstream's ids: the log of another request holds none of these.
  get lastOwnId(): string {
    return this.isUntouched ? this.#firstId : '';
  }

  protected override onOpened(): void {}

  /** True if it began behind an event that it does not know, and has received none since: it can't continue a log. */
  get isTailUnknown(): boolean {
    return this.#isTailUnknown;
  }

  override onEvents(data: Buffer, ids: string | undefined): void {
    this.#isTailUnknown = false;
    super.onEvents(data, ids);
  }

  beginAfter({ id, bytes }: LastEvent): void {
    this.#isTailUnknown = id === undefined && bytes === undefined;
    // Without an id nothing tells what a new reader misses: the frame shows it that there was something.
    if (bytes || id === undefined) this.recordDelivered(bytes ?? nothing, 0, bytes?.length ?? 0, id);
    if (id !== undefined) this.cursorId = id;
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
