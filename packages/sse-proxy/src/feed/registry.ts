import { hash } from 'node:crypto';
import { maxBackfills } from '../config/defaults.ts';
import type { ShareConfig } from '../config/feed-options.ts';
import type { Config } from '../config/options.ts';
import { SseProxyError } from '../errors.ts';
import type { Heartbeat } from '../lifecycle/heartbeat.ts';
import { gapBytes } from '../sse/events.ts';
import type { CloseReason } from '../types.ts';
import type { Upstream, UpstreamRequest } from '../upstream/upstream.ts';
import type { FeedNews } from './feed-parts.ts';
import { SharedFeed, type SharedParts } from './shared-feed.ts';
import { type Lender, type Opening, SharedSubscription } from './shared-subscription.ts';
import type { Subscription } from './subscription.ts';

/** Tells requests apart that only differ in how they are traced. */
const tracing = new Set(['traceparent', 'tracestate', 'x-request-id']);

/** What a browser brings to a shared feed. */
export interface Joining {
  readonly request: UpstreamRequest;
  /** Its Last-Event-ID, a byte string. */
  readonly cursor: string;
  /** From `share.key`; undefined: the header fields that go up decide. */
  readonly key: string | undefined;
  readonly news: FeedNews;
  /** Makes the request anew for a resume. */
  readonly prepare: () => Promise<UpstreamRequest>;
}

/** A shared feed, and those who catch up with it. It ends when nobody has had a place in it for a while. */
class Entry implements Lender {
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

  lend(): void {
    this.#members++;
    clearTimeout(this.#linger);
  }

  takeBack(last: SharedFeed): void {
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
export interface RegistryHost {
  readonly config: Config;
  readonly heartbeat: Heartbeat;
  readonly upstream: Upstream;
}

/** The shared feeds of one middleware, by a key that holds all that the upstream sees of a request. */
export class Registry {
  readonly #host: RegistryHost;
  readonly #share: ShareConfig;
  readonly #entries = new Map<string, Entry>();

  constructor(host: RegistryHost, share: ShareConfig) {
    this.#host = host;
    this.#share = share;
  }

  /** Feeds now, lingering ones included. */
  get size(): number {
    return this.#entries.size;
  }

  /** A place in the feed for this request; the first one opens it, those who come meanwhile wait for the same answer. */
  join(joining: Joining): Subscription {
    const key = feedKey(joining);
    const entry = this.#entries.get(key) ?? this.#create(key, joining);
    const { feed } = entry;
    const position = feed.locate(joining.cursor);
    if (position !== undefined) {
      return this.#seat(entry, feed, position, joining.cursor === '' ? sayTipId(feed) : undefined);
    }
    // Our own ids can't be asked of the upstream: everything still held is sent, and the gap before it said.
    if (this.#share.ids === 'assign') return this.#seat(entry, feed, feed.ring.start, sayUnknownId(joining.news));
    return this.#backfill(entry, joining);
  }

  /** Ends all feeds, lingering ones too. */
  close(): void {
    for (const { feed } of [...this.#entries.values()]) feed.end('draining', undefined);
  }

  #seat(entry: Entry, feed: SharedFeed, position: number, opening?: Opening): Subscription {
    entry.lend();
    return new SharedSubscription(feed, position, opening, entry);
  }

  #create(key: string, joining: Joining): Entry {
    const forget = (reason: CloseReason, error: SseProxyError | undefined) => {
      entry.forget();
      if (this.#entries.get(key) === entry) this.#entries.delete(key);
      // They were to meet this feed; it goes nowhere any more.
      for (const backfill of [...entry.backfills]) backfill.end(reason, error);
    };
    const feed = new SharedFeed(this.#parts(joining, forget), joining.request);
    const entry = new Entry(feed, this.#share.lingerMs);
    this.#entries.set(key, entry);
    feed.ready.catch((error: SseProxyError) => feed.end('upstream-broken', error));
    return entry;
  }

  // The ring has not got the browser's id (any more): a second feed starts there, and ends where the first has its event.
  #backfill(entry: Entry, joining: Joining): Subscription {
    const { backfills, feed } = entry;
    for (const known of backfills) {
      const position = known.locate(joining.cursor);
      if (position !== undefined) return this.#seat(entry, known, position);
    }
    if (backfills.size >= maxBackfills) throw new SseProxyError('ERR_SSE_OVERLOAD');

    const forget = () => backfills.delete(backfill);
    const parts = this.#parts(joining, forget);
    const backfill: SharedFeed = new SharedFeed({ ...parts, joins: feed }, joining.request);
    backfills.add(backfill);
    backfill.ready.catch((error: SseProxyError) => backfill.end('upstream-broken', error));
    return this.#seat(entry, backfill, 0);
  }

  #parts(joining: Joining, onOver: SharedParts['onOver']): SharedParts {
    const { config, heartbeat, upstream } = this.#host;
    const assignIds = this.#share.ids === 'assign';
    return {
      config,
      heartbeat,
      upstream,
      cursor: assignIds ? '' : joining.cursor,
      prepare: joining.prepare,
      replay: this.#share.replay,
      assignIds,
      single: Boolean(config.transform),
      maxBehindBytes: config.slowClient.maxBufferedBytes,
      news: joining.news,
      onOver,
    };
  }
}

// A browser that starts at the tip gets the tip's id: cut before its first event, it can still come back to here.
function sayTipId(feed: SharedFeed): Opening {
  return (reader, position) => {
    if (feed.tipId && position === feed.ring.end) reader.onOwn(Buffer.from(`id: ${feed.tipId}\n\n`, 'latin1'));
  };
}

function sayUnknownId(news: FeedNews): Opening {
  return (reader) => {
    const now = Date.now();
    const gap = { reason: 'unknown-id', from: now, to: now } as const;
    reader.onOwn(gapBytes(gap));
    news.onGap(gap, 1);
  };
}

// A digest, since header fields hold tokens; JSON keeps the parts from running into each other.
function feedKey({ request, key }: Joining): string {
  const { origin, path } = request.address;
  const fields: string[] = [];
  for (let i = 0; i < request.headers.length; i += 2) {
    const name = request.headers[i] as string;
    if (!tracing.has(name)) fields.push(name, request.headers[i + 1] as string);
  }
  return hash('sha256', JSON.stringify([origin, path, key ?? fields]), 'base64');
}
