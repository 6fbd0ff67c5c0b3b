import { hash } from 'node:crypto';
import { maxBackfills } from '../config/defaults.ts';
import type { Config, ShareConfig } from '../config/options.ts';
import { SseProxyError } from '../errors.ts';
import type { Heartbeat } from '../lifecycle/heartbeat.ts';
import { gapBytes } from '../sse/events.ts';
import type { CloseReason } from '../types.ts';
import type { Upstream, UpstreamRequest } from '../upstream/upstream.ts';
import type { FeedListener } from './feed-parts.ts';
import { SharedFeed, type SharedParts } from './shared-feed.ts';
import { type Preamble, type ReaderOwner, SharedSubscription } from './shared-subscription.ts';
import type { Subscription } from './subscription.ts';

/** Tells requests apart that only differ in how they are traced. */
const tracing = new Set(['traceparent', 'tracestate', 'x-request-id']);

/** What a browser brings to a shared feed. */
export interface JoinRequest {
  readonly request: UpstreamRequest;
  /** Its Last-Event-ID, a byte string. */
  readonly cursor: string;
  /** From `share.key`; undefined: the header fields that go up decide. */
  readonly key: string | undefined;
  readonly feedListener: FeedListener;
  /** Makes the request anew for a resume. */
  readonly prepare: () => Promise<UpstreamRequest>;
}

/** A shared feed, and those who catch up with it. It ends when nobody has had a place in it for a while. */
class Entry implements ReaderOwner {
  readonly feed: SharedFeed;
  readonly backfills = new Set<SharedFeed>();
  readonly #lingerMs: number;
  /** Subscriptions, also those that still wait for the upstream's headers. */
  #members = 0;
  #linger: NodeJS.Timeout | undefined;
  #isForgotten = false;

  constructor(feed: SharedFeed, lingerMs: number) {
    this.feed = feed;
    this.#lingerMs = lingerMs;
  }

  acquire(): void {
    this.#members++;
    clearTimeout(this.#linger);
  }

  release(last: SharedFeed): void {
    this.#members--;
    if (last !== this.feed && last.members === 0) last.end('upstream-ended', undefined);
    if (this.#members > 0 || this.#isForgotten) return;
    this.#linger = setTimeout(() => this.feed.end('upstream-ended', undefined), this.#lingerMs);
  }

  /** The feed is over. */
  forget(): void {
    this.#isForgotten = true;
    clearTimeout(this.#linger);
  }
}

/** What a {@link Registry} needs of its middleware. */
export interface RegistryContext {
  readonly config: Config;
  readonly heartbeat: Heartbeat;
  readonly upstream: Upstream;
}

/** The shared feeds of one middleware, by a key that holds all that the upstream sees of a request. */
export class Registry {
  readonly #context: RegistryContext;
  readonly #share: ShareConfig;
  readonly #entries = new Map<string, Entry>();

  constructor(context: RegistryContext, share: ShareConfig) {
    this.#context = context;
    this.#share = share;
  }

  /** Feeds now, lingering ones included. */
  get size(): number {
    return this.#entries.size;
  }

  /** A place in the feed for this request; the first one opens it, those who come meanwhile wait for the same answer. */
  join(join: JoinRequest): Subscription {
    const key = feedKey(join);
    const entry = this.#entries.get(key) ?? this.#create(key, join);
    const { feed } = entry;
    const position = feed.locate(join.cursor);
    if (position !== undefined) {
      return this.#reader(entry, feed, position, join.cursor === '' ? sayTipId(feed) : undefined);
    }
    // Our own ids can't be asked of the upstream: everything still held is sent, and the gap before it said.
    if (this.#share.ids === 'assign')
      return this.#reader(entry, feed, feed.ring.start, sayUnknownId(join.feedListener));
    return this.#backfill(entry, join);
  }

  /** Ends all feeds, lingering ones too. */
  close(): void {
    for (const { feed } of [...this.#entries.values()]) feed.end('draining', undefined);
  }

  #reader(entry: Entry, feed: SharedFeed, position: number, preamble?: Preamble): Subscription {
    entry.acquire();
    return new SharedSubscription(feed, position, preamble, entry);
  }

  #create(key: string, join: JoinRequest): Entry {
    const forget = (reason: CloseReason, error: SseProxyError | undefined) => {
      entry.forget();
      if (this.#entries.get(key) === entry) this.#entries.delete(key);
      // They were to meet this feed; it goes nowhere any more.
      for (const backfill of [...entry.backfills]) backfill.end(reason, error);
    };
    const feed = new SharedFeed(this.#parts(join, forget), join.request);
    const entry = new Entry(feed, this.#share.lingerMs);
    this.#entries.set(key, entry);
    feed.ready.catch((error: SseProxyError) => feed.end('upstream-broken', error));
    return entry;
  }

  // The ring has not got the browser's id (any more): a second feed starts there, and ends where the first has its event.
  #backfill(entry: Entry, join: JoinRequest): Subscription {
    const { backfills, feed } = entry;
    for (const known of backfills) {
      const position = known.locate(join.cursor);
      if (position !== undefined) return this.#reader(entry, known, position);
    }
    if (backfills.size >= maxBackfills) throw new SseProxyError('ERR_SSE_OVERLOAD');

    const forget = () => backfills.delete(backfill);
    const parts = this.#parts(join, forget);
    const backfill: SharedFeed = new SharedFeed({ ...parts, joins: feed }, join.request);
    backfills.add(backfill);
    backfill.ready.catch((error: SseProxyError) => backfill.end('upstream-broken', error));
    return this.#reader(entry, backfill, 0);
  }

  #parts(join: JoinRequest, onEnd: SharedParts['onEnd']): SharedParts {
    const { config, heartbeat, upstream } = this.#context;
    const assignIds = this.#share.ids === 'assign';
    return {
      config,
      heartbeat,
      upstream,
      cursor: assignIds ? '' : join.cursor,
      prepare: join.prepare,
      replay: this.#share.replay,
      assignIds,
      oneFramePerCall: Boolean(config.transform),
      maxBehindBytes: config.slowClient.maxBufferedBytes,
      feedListener: join.feedListener,
      onEnd,
    };
  }
}

// A browser that starts at the tip gets the tip's id: cut before its first event, it can still come back to here.
function sayTipId(feed: SharedFeed): Preamble {
  return (reader, position) => {
    if (feed.tipId && position === feed.ring.end)
      reader.onControlEvent(Buffer.from(`id: ${feed.tipId}\n\n`, 'latin1'), false);
  };
}

function sayUnknownId(feedListener: FeedListener): Preamble {
  return (reader) => {
    const now = Date.now();
    const gap = { reason: 'unknown-id', from: now, to: now } as const;
    reader.onControlEvent(gapBytes(gap), false);
    feedListener.onGap(gap, 1);
  };
}

// A digest, since header fields hold tokens; JSON keeps the parts from running into each other.
function feedKey({ request, key }: JoinRequest): string {
  const { origin, path } = request.address;
  const fields: string[] = [];
  for (let i = 0; i < request.headers.length; i += 2) {
    const name = request.headers[i] as string;
    if (!tracing.has(name)) fields.push(name, request.headers[i + 1] as string);
  }
  return hash('sha256', JSON.stringify([origin, path, key ?? fields]), 'base64');
}
