import type { IncomingHttpHeaders } from 'node:http';
import type { Reader, SharedFeed } from './shared-feed.ts';
import type { FeedReader, Subscription } from './subscription.ts';

/** Says something to a reader before its first frame, which will be the one at `position`. */
export type Preamble = (reader: FeedReader, position: number) => void;

/** Who gave the subscription. */
export interface ReaderOwner {
  /** It is closed; `feed` is the one that it had last. */
  release(feed: SharedFeed): void;
}

/** One browser's place in a shared feed; it may move from a backfill to the feed itself. */
export class SharedSubscription implements Subscription, Reader {
  position: number;
  hasRoom = true;
  allowance = 0;
  readonly #lender: ReaderOwner;
  #feed: SharedFeed;
  #preamble: Preamble | undefined;
  #reader: FeedReader | undefined;
  #closed = false;

  constructor(feed: SharedFeed, position: number, preamble: Preamble | undefined, lender: ReaderOwner) {
    this.#feed = feed;
    feed.members++;
    this.position = position;
    this.#preamble = preamble;
    this.#lender = lender;
  }

  get ready(): Promise<IncomingHttpHeaders | undefined> {
    return this.#feed.ready;
  }

  get reader(): FeedReader {
    return this.#reader as FeedReader;
  }

  read(reader: FeedReader): void {
    this.#reader = reader;
    this.#preamble?.(reader, this.position);
    this.#preamble = undefined;
    this.#feed.attach(this, this.position);
  }

  moveTo(feed: SharedFeed, position: number): void {
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
    this.#lender.release(this.#feed);
  }
}
