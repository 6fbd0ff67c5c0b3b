import type { Request } from 'express';
import type { FeedRelay } from './relay.ts';
import type { SseEvent } from './stream.ts';

/** What a shared feed retains for browsers that return: until the first of these bounds is reached. */
export interface ReplayOptions {
  /**
   * Events: at most the larger of 10,000 and `maxBytes` / 128 are retained, since every event costs memory besides its
   * bytes.
   * @defaultValue 10_000
   */
  maxEvents?: number;
  /** Bytes of memory. @defaultValue 4_194_304 */
  maxBytes?: number;
  /** Age of an event, in milliseconds. @defaultValue 300_000 */
  maxAgeMs?: number;
}

/** How browsers share an upstream connection. */
export interface ShareOptions {
  /**
   * What browsers must have in common to share. With `target`, the upstream URL counts too, and so do the forwarded
   * header fields other than `accept-language`, `x-forwarded-host` and `x-forwarded-proto`. With `source`, only this
   * key counts. Must return a string that is not empty. Refused with `ERR_SSE_OPTION` while users' credentials are
   * forwarded: browsers would share what only one of them may see.
   * @defaultValue all header fields that go up
   */
  key?: (req: Request) => string;
  /**
   * `'assign'` gives every event an id of the proxy's own (`<epoch>-<number>`): for an upstream without ids, so that
   * a browser that reconnects loses nothing there either. With `relay` the id is the same in all instances.
   * @defaultValue 'upstream'
   */
  ids?: 'upstream' | 'assign';
  /**
   * Changes or drops (`null`) each event that has data, for all browsers of a feed: called once per event of each
   * upstream connection (the feed's, and those of backfills and joins), in order, before the event is stored and
   * replayed. The option `transform` runs after it, per browser. While a promise is pending, what follows is buffered;
   * above 64 KiB the upstream is paused. Not called for `sse-proxy:` events of another proxy.
   *
   * The event keeps the upstream's id: return it, or none. A dropped event's id is sent alone. A throw, a rejection, a
   * promise that is pending for `hookTimeoutMs`, or another result ends all streams of that connection with reason
   * `transform-failed`.
   * @defaultValue none: bytes are shared unchanged
   */
  transform?: (event: SseEvent) => SseEvent | null | PromiseLike<SseEvent | null>;
  /**
   * How a browser without a Last-Event-ID joins a running feed. `'fresh'`: by an upstream request of its own, so that
   * it gets the snapshot or greeting that a new connection gets, and moves to the feed at the first event that both
   * have. `'live'`: it gets what the feed receives from now on. @defaultValue 'fresh'
   */
  join?: 'fresh' | 'live';
  /**
   * Shares feeds between the instances of an application: one of them reads the upstream, all deliver its events, and a
   * browser that returns to another instance gets what it missed. Feeds are common to routes with the same `name` (or
   * template) and the same relay. Needs `resume`, and a `name` beside `source`. The log holds events as the upstream
   * sent them: `transform` is called in each instance. See `redisFeeds()` of `@datashop/sse-redis`.
   * @defaultValue none: each instance has feeds of its own
   */
  relay?: FeedRelay;
  /** What is retained for browsers that return. */
  replay?: ReplayOptions;
  /** How long an upstream connection outlives its last browser, in milliseconds; 0: not at all. @defaultValue 5_000 */
  lingerMs?: number;
}
