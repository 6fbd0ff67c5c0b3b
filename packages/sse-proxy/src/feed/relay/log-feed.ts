import type { FrameId } from '../../sse/fields.ts';
import type { OversizedEvent } from '../../sse/oversized-event.ts';
import { TokenBackoff } from '../../upstream/token-backoff.ts';
import type { UpstreamConnection } from '../../upstream/upstream.ts';
import { idAfter } from '../event-numbers.ts';
import { Feed } from '../feed.ts';
import type { FeedParts, Gap } from '../feed-parts.ts';
import type { CallParts, OwnIds, RelayParts } from './relay-parts.ts';

/** A feed that reads a log, or while that can't be used, the real upstream: a `RelayedFeed` or a `BackfillFeed`. */
export abstract class LogFeed extends Feed {
  readonly #ids: OwnIds | undefined;
  /** The proxy's own id of the first event that `onEvents()` was called with. */
  #firstId: string | undefined;
  /** Number of these events that were counted so far. */
  #passed = 0;

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
    this.#ids = relayed.ids;
  }

  /** Events, and the proxy's own id of the first of them. */
  onEvents(data: Buffer, ids: string | undefined): void {
    this.#firstId = ids;
    this.#passed = 0;
    this.onData(data);
  }

  /** See `BeginningFeed`. */
  abstract readonly lastOwnId: string;

  // Counts events as the reader did that assigned the ids.
  override onFrame(buffer: Buffer, start: number, end: number, events: number, id: FrameId | undefined): void {
    if (events > 0) this.#count();
    super.onFrame(buffer, start, end, events, id);
  }

  override onOversizedEvent(event: OversizedEvent): void {
    if (event.isEvent) this.#count();
    super.onOversizedEvent(event);
  }

  #count(): void {
    const first = this.#firstId;
    if (this.#ids) this.#ids.current = first && idAfter(first, this.#passed++);
  }

  protected override get ownId(): string | undefined {
    return this.#ids?.current;
  }

  protected override set ownId(id: string | undefined) {
    if (this.#ids) this.#ids.current = id;
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
