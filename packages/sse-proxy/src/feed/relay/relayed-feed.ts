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
 * A live feed that instances share: its upstream is the log of a `FeedRelay`, or while that can't be used, the real
 * upstream. It doesn't detect silence: the `UpstreamFeed` does, in the instance that reads the real upstream.
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

  // Only before the first event. Later a place is found by the upstream's ids, because the log of another request holds
  // none of these ids.
  get lastOwnId(): string {
    return this.isUntouched ? this.#firstId : '';
  }

  protected override onOpened(): void {}

  /** See {@link RelayTarget}. */
  get isTailUnknown(): boolean {
    return this.#isTailUnknown;
  }

  override onEvents(data: Buffer, ids: string | undefined): void {
    this.#isTailUnknown = false;
    super.onEvents(data, ids);
  }

  beginAfter({ id, bytes }: LastEvent): void {
    this.#isTailUnknown = id === undefined && bytes === undefined;
    // Without an id it can't be determined what a new reader misses: the frame records that an event preceded.
    if (bytes || id === undefined) this.recordDelivered(bytes ?? nothing, 0, bytes?.length ?? 0, id);
    if (id !== undefined) this.cursorId = id;
  }

  /** Reports the upstream's state, which the instance that reads the upstream has detected. */
  relayState(state: UpstreamState, since: number): void {
    this.#lostAt = state === 'lost' ? (this.#lostAt ?? performance.now()) : undefined;
    if (state === 'restored') this.endReport();
    else this.reporter().begin(state, since, 'now');
  }

  /** Ends the feed as it has ended in the instance that reads the upstream. */
  relayEnd(end: RelayedEnd): void {
    this.finish(end.reason, endError(end));
  }

  override get outageMs(): number {
    return this.#lostAt === undefined ? super.outageMs : performance.now() - this.#lostAt;
  }
}
