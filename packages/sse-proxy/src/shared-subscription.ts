import type { IncomingHttpHeaders } from 'node:http';
import type { FeedNews } from './direct.ts';
import { gapBytes } from './events.ts';
import type { Seat, SharedFeed } from './shared.ts';
import type { FeedReader, Subscription } from './subscription.ts';

/** One browser's place in a shared feed; it may move from a backfill to the feed itself. */
export class SharedSubscription implements Subscription {
  readonly ready: Promise<IncomingHttpHeaders>;
  readonly #position: number;
  readonly #unknownId: FeedNews | undefined;
  readonly #onClose: (feed: SharedFeed) => void;
  #feed: SharedFeed;
  #seat: Seat | undefined;
  #closed = false;

  /** `unknownId`: the browser's id is not held; its gap is said to it and to the news before anything else. */
  constructor(
    feed: SharedFeed,
    position: number,
    unknownId: FeedNews | undefined,
    onClose: (feed: SharedFeed) => void,
  ) {
    this.#feed = feed;
    feed.members++;
    this.#position = position;
    this.#unknownId = unknownId;
    this.#onClose = onClose;
    this.ready = feed.ready;
  }

  read(reader: FeedReader): void {
    if (this.#unknownId) {
      const now = Date.now();
      const gap = { reason: 'unknown-id', from: now, to: now } as const;
      reader.onOwn(gapBytes(gap));
      this.#unknownId.onGap(gap, 1);
    }
    this.#seat = {
      reader,
      position: 0,
      ready: true,
      allowance: 0,
      moveOn: (feed, position) => {
        this.#feed.members--;
        this.#feed = feed;
        feed.members++;
        feed.attach(this.#seat as Seat, position);
      },
    };
    this.#feed.attach(this.#seat, this.#position);
  }

  resume(): void {
    if (this.#seat) this.#feed.resume(this.#seat);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#seat) this.#feed.detach(this.#seat);
    this.#feed.members--;
    this.#onClose(this.#feed);
  }
}
