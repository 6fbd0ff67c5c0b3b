import type { IncomingHttpHeaders } from 'node:http';
import { SseProxyError } from '../../errors.ts';
import { upstreamStateBytes } from '../../sse/events.ts';
import type { SpanReference } from '../../types.ts';
import type { UpstreamRequest } from '../../upstream/upstream.ts';
import type { FeedReader, Subscription, SubscriptionState } from '../subscription.ts';
import type { Member, SharedFeed } from './shared-feed.ts';
import type { JoinRequest, RequestBuilder } from './shared-request.ts';

const nothing = () => {};
/** The state of a subscription that waits for a place in a feed. */
const unplaced = { feed: undefined, upstream: 'connecting', outageMs: 0, behindEvents: 0, behindBytes: 0 } as const;

/** Sends a reader something before its first frame, which is the one at `position`. */
export type Preamble = (reader: FeedReader, position: number) => void;

/** Counts the subscriptions that need a feed. */
export interface SubscriptionOwner {
  acquire(subscription: SharedSubscription): void;
  release(subscription: SharedSubscription): void;
}

/** The state of a subscription when it left a feed. */
export interface Departure {
  readonly feed: SharedFeed;
  /** Position of the first frame that it had not read there. */
  readonly position: number;
  /** False if events without an id followed the cursor. */
  readonly isExact: boolean;
  /** True if it was reported to the browser that the upstream is away. */
  readonly wasReportedAway: boolean;
}

/** One browser's access to a shared feed. It may move from one feed to another. */
export class SharedSubscription implements Subscription, Member {
  // First, since each event needs it: it shares a cache line with the object's head.
  #reader: FeedReader | undefined;
  position = 0;
  hasRoom = true;
  allowance = 0;
  /** See {@link RequestBuilder}; undefined if the request never changes. */
  readonly builder: RequestBuilder | undefined;
  /** The browser's upstream request, as the hooks made it last. */
  request: UpstreamRequest;
  readonly feedListener: JoinRequest['feedListener'];
  readonly streamListener: JoinRequest['streamListener'];
  /** The id of the last event that the browser has; empty if it has none. Maintained when it leaves a feed. */
  cursor: string;
  /** Undefined once the browser reads: the stream is open then. */
  #opening: PromiseWithResolvers<IncomingHttpHeaders | undefined> | undefined = Promise.withResolvers();
  #owner: SubscriptionOwner | undefined;
  #feed: SharedFeed | undefined;
  #preamble: Preamble | undefined;
  #startedAt = 0;
  /** True if the last report to the browser was that its upstream is away. */
  #isReportedAway = false;
  #isClosed = false;
  /** True while its hooks are pending: it has no place, and must not be given one before they have settled. */
  isMoving = false;

  constructor({ made, cursor, builder, feedListener, streamListener }: JoinRequest) {
    this.request = made.request;
    this.cursor = cursor;
    this.builder = builder;
    this.feedListener = feedListener;
    this.streamListener = streamListener;
    // Once the browser has left, nothing else handles a rejection.
    this.ready.catch(nothing);
  }

  get ready(): Promise<IncomingHttpHeaders | undefined> {
    return this.#opening?.promise ?? Promise.resolve(undefined);
  }

  get handler(): FeedReader {
    return this.#reader as FeedReader;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** The feed in which it has a place; undefined while it waits for one. */
  get feed(): SharedFeed | undefined {
    return this.#feed;
  }

  /** Moves the subscription to another group of feeds. */
  belongTo(owner: SubscriptionOwner): void {
    if (owner === this.#owner) return;
    owner.acquire(this);
    this.#owner?.release(this);
    this.#owner = owner;
  }

  /** Gives it a place in `feed`: it gets everything from `position` on. */
  place(feed: SharedFeed, position: number, preamble?: Preamble): void {
    this.#feed = feed;
    this.position = position;
    this.#startedAt = position;
    this.#preamble = preamble;
    feed.enter(this);
    if (this.#reader) return this.#begin();
    feed.ready.then(
      (headers) => this.#feed === feed && this.#opening?.resolve(headers),
      (error) => this.#feed === feed && this.#opening?.reject(error),
    );
  }

  /** Opens the browser's stream before its feed has headers. */
  openWith(headers: Promise<IncomingHttpHeaders | undefined>): void {
    if (this.#opening) headers.then(this.#opening.resolve, this.#opening.reject);
  }

  moveTo(feed: SharedFeed, position: number): void {
    this.leaveFeed();
    this.place(feed, position, this.cursor === feed.tipId ? undefined : tipIdPreamble(feed));
  }

  /** Gives up its place. It goes on when it is placed again. */
  leaveFeed(): Departure | undefined {
    const feed = this.#feed;
    if (!feed) return undefined;
    if (this.#reader) this.#isReportedAway = feed.upstreamState !== undefined;
    feed.flush();
    feed.leave(this);
    this.#feed = undefined;
    const { position } = this;
    const hasRead = position > this.#startedAt;
    const known = hasRead ? feed.ring.cursorAt(position) : undefined;
    if (hasRead) this.cursor = known?.id ?? '';
    return { feed, position, isExact: known?.isExact ?? !hasRead, wasReportedAway: this.#isReportedAway };
  }

  /** Ends the stream of this browser alone. */
  fail(cause: unknown): void {
    if (this.#isClosed) return;
    const error = cause instanceof SseProxyError ? cause : new SseProxyError('ERR_SSE_INTERNAL', { cause });
    this.leaveFeed();
    this.#opening?.reject(error);
    const isUpstream = /^ERR_SSE_(LIMIT|OVERLOAD|UPSTREAM)/.test(error.code);
    this.#reader?.onEnd(isUpstream ? 'upstream-broken' : 'hook-failed', error);
  }

  deliverTo(reader: FeedReader): void {
    this.#reader = reader;
    this.#opening = undefined;
    if (this.#feed) this.#begin();
  }

  #begin(): void {
    const preamble = this.#preamble;
    this.#preamble = undefined;
    this.reportState();
    preamble?.(this.handler, this.position);
    if (!this.#isClosed) this.#feed?.attach(this, this.position);
  }

  /** Reports to the browser that its upstream is away, or that it is back if the last report was "away" [R43]. */
  reportState(): void {
    const state = this.#feed?.upstreamState;
    if (state) this.handler.onControlEvent(state, false);
    else if (this.#isReportedAway) this.handler.onControlEvent(upstreamStateBytes('restored', Date.now()), false);
    this.#isReportedAway = state !== undefined;
  }

  resume(): void {
    this.hasRoom = true;
    if (this.#reader) this.#feed?.resume(this);
  }

  get sharedSpan(): SpanReference | undefined {
    return this.#feed?.span;
  }

  describe(): SubscriptionState {
    return this.#feed?.describeMember(this) ?? unplaced;
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.leaveFeed();
    this.#owner?.release(this);
  }
}

/**
 * Sends the tip's id to a browser that starts at the tip: if it is disconnected before its first event, it can still
 * resume from this position.
 */
export function tipIdPreamble(feed: SharedFeed): Preamble {
  return (reader, position) => {
    if (feed.tipId && position === feed.ring.end)
      reader.onControlEvent(Buffer.from(`id: ${feed.tipId}\n\n`, 'latin1'), false);
  };
}
