import type { IncomingHttpHeaders } from 'node:http';
import type { Seat, SharedFeed } from './shared.ts';
import type { FeedReader, Subscription } from './subscription.ts';

/** Says something to a reader before its first frame, which will be the one at `position`. */
export type Opening = (reader: FeedReader, position: number) => void;

/** One browser's place in a shared feed; it may move from a backfill to the feed itself. */
export class SharedSubscription implements Subscription {
  readonly ready: Promise<IncomingHttpHeaders>;
  readonly #position: number;
  readonly #opening: Opening | undefined;
  readonly #onClose: (feed: SharedFeed) => void;
  #feed: SharedFeed;
  #seat: Seat | undefined;
  #closed = false;

  constructor(feed: SharedFeed, position: number, opening: Opening | undefined, onClose: (feed: SharedFeed) => void) {
    this.#feed = feed;
    feed.members++;
    this.#position = position;
    this.#opening = opening;
    this.#onClose = onClose;
    this.ready = feed.ready;
  }

  read(reader: FeedReader): void {
    this.#opening?.(reader, this.#position);
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
    this.#feed.members--;
    this.#feed.detach(this.#seat);
    this.#onClose(this.#feed);
  }
}
