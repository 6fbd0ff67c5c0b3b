import type { IncomingHttpHeaders } from 'node:http';
import type { Seat, SharedFeed } from './shared-feed.ts';
import type { FeedReader, Subscription } from './subscription.ts';

/** Says something to a reader before its first frame, which will be the one at `position`. */
export type Opening = (reader: FeedReader, position: number) => void;

/** Who gave the subscription. */
export interface Lender {
  /** It is closed; `feed` is the one that it had last. */
  takeBack(feed: SharedFeed): void;
}

/** One browser's place in a shared feed; it may move from a backfill to the feed itself. */
export class SharedSubscription implements Subscription, Seat {
  position: number;
  hasRoom = true;
  allowance = 0;
  readonly #lender: Lender;
  #feed: SharedFeed;
  #opening: Opening | undefined;
  #reader: FeedReader | undefined;
  #closed = false;

  constructor(feed: SharedFeed, position: number, opening: Opening | undefined, lender: Lender) {
    this.#feed = feed;
    feed.members++;
    this.position = position;
    this.#opening = opening;
    this.#lender = lender;
  }

  get ready(): Promise<IncomingHttpHeaders> {
    return this.#feed.ready;
  }

  get reader(): FeedReader {
    return this.#reader as FeedReader;
  }

  read(reader: FeedReader): void {
    this.#reader = reader;
    this.#opening?.(reader, this.position);
    this.#opening = undefined;
    this.#feed.attach(this, this.position);
  }

  moveOn(feed: SharedFeed, position: number): void {
    this.#feed.members--;
    this.#feed = feed;
    feed.members++;
    feed.attach(this, position);
  }

  resume(): void {
    if (this.#reader) this.#feed.resume(this);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#feed.members--;
    this.#feed.detach(this.#reader && this);
    this.#lender.takeBack(this.#feed);
  }
}
