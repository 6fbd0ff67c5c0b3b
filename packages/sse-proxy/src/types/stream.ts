import type { Request } from 'express';

/**
 * One event, as `transform` gets and returns it, and as a `source` yields it. [spec] server-sent-events, "interpreting
 * an event stream"
 */
export interface SseEvent {
  /** The event's id: the browser's next Last-Event-ID. Absent if the event has none. */
  id?: string;
  /** The event's type; absent means `message`. */
  event?: string;
  /** The data lines, joined by LF. */
  data: string;
  /** The reconnection time that the event carries, in milliseconds. */
  retry?: number;
}

/**
 * Identifies one browser's stream. A frozen object of plain values: printing it shows no header, and nothing in it can
 * end the stream.
 */
export interface StreamInfo {
  /** Random, unique to this stream: relates log lines to each other. */
  readonly id: string;
  /**
   * The option `name`, or else the route's template, such as `/logs/:workflowId/stream`: safe as a metric's label.
   * Express keeps no template of a path that `app.use` mounts: there, segments that equal a parameter's value are
   * replaced by its name. Values of a parent router's parameters are not replaced, unless `mergeParams` passes them on:
   * set `name` then.
   */
  readonly route: string;
  /** `req.params`: the values of the route's parameters; empty outside of Express. */
  readonly params: Readonly<Record<string, string | readonly string[]>>;
  /** The key that `authorize` returned; undefined until it has, or if it returned none. */
  readonly key: string | undefined;
  /**
   * The `fields` that `authorize` returned; empty until it has, or if it returned none. Values have at most 200
   * characters.
   */
  readonly fields: Readonly<Record<string, string>>;
  /** True if the browser came back with a Last-Event-ID. */
  readonly resumed: boolean;
}

/** Passed to `transform`: also has the browser's request. */
export interface StreamContext extends StreamInfo {
  /** Holds credentials: never log it whole. */
  readonly req: Request;
}

/**
 * Whether a feed has its upstream: `connecting` for the first time, `open`, `lost` (reconnecting), or `silent`
 * (connected, but without its usual comments).
 */
export type UpstreamStatus = 'connecting' | 'open' | 'lost' | 'silent';

/** One open stream, as `streams()` describes it: a frozen object of plain values. */
export interface OpenStream extends StreamInfo {
  /** When the stream was opened, as an ISO 8601 time. */
  readonly since: string;
  /** Upstream events written. */
  readonly events: number;
  /** Bytes written, HTTP framing excluded. */
  readonly bytes: number;
  /** Bytes buffered for the browser in this process. */
  readonly bufferedBytes: number;
  /** Events of its shared feed that the browser has still to be sent; 0 at the live tip, and in dedicated mode. */
  readonly behindEvents: number;
  /** How far the browser is behind: `bufferedBytes`, and the bytes of `behindEvents`. */
  readonly behindBytes: number;
  /**
   * `id` of its shared feed, see {@link OpenFeed}; undefined in dedicated mode, and while it waits for its turn to
   * catch up.
   */
  readonly feed: string | undefined;
  /** Whether its feed has its upstream. */
  readonly upstream: UpstreamStatus;
}

/**
 * One shared feed with an upstream connection of its own, as `feeds()` describes it: a frozen object of plain values.
 */
export interface OpenFeed {
  /** Unique in this process. */
  readonly id: string;
  /**
   * `live`: the feed that browsers share. `join`: serves browsers that came later, until they move to the live feed.
   * `backfill`: serves browsers that came back with an id that the live feed's ring no longer has.
   */
  readonly kind: 'live' | 'join' | 'backfill';
  /** {@link StreamInfo.route} of the browser that opened the feed. */
  readonly route: string;
  /** When the feed was opened, as an ISO 8601 time. */
  readonly since: string;
  /** Whether the feed has its upstream. */
  readonly upstream: UpstreamStatus;
  /**
   * What this instance is for a feed that instances share: the `leader` reads the upstream for all, a `follower`
   * receives what the leader reads, and an instance `alone` reads the upstream for itself. Undefined without
   * `share.relay`, while the feed looks for its place, and for other kinds than `live`.
   */
  readonly role: 'leader' | 'follower' | 'alone' | undefined;
  /** Duration of the current outage of the upstream, in milliseconds; 0 while there is none. */
  readonly outageMs: number;
  /** Browsers of this feed; 0 while it lingers. */
  readonly browsers: number;
  /** Events that are retained for browsers that return. */
  readonly replayEvents: number;
  /** Bytes of these events. */
  readonly replayBytes: number;
}

/**
 * Why an open stream ended.
 *
 * - `browser-left`: the browser closed its connection.
 * - `upstream-ended`: the upstream ended its response as its framing demands.
 * - `upstream-broken`: the upstream broke, and was not back within `resume.maxOutageMs` (at once with `resume: false`).
 * - `upstream-idle`: the upstream sent nothing for `idleTimeoutMs` (only with `resume: false`).
 * - `upstream-refused`: the upstream refused to resume, by 204 or a final 4xx.
 * - `refused-late`: after an early open, the request turned out to be refused.
 * - `evicted`: the browser read too slowly, see `slowClient`.
 * - `max-duration`: the stream reached `maxDurationMs`.
 * - `unauthorized`: `authorize`, called again after `reauthorizeMs`, did not confirm the stream.
 * - `transform-failed`: `transform` or `share.transform` threw, rejected, took too long or returned no event.
 * - `hook-failed`: a function of yours failed for this browser when a shared feed connected; the others go on.
 * - `draining`: `close()` was called.
 */
export type CloseReason =
  | 'browser-left'
  | 'upstream-ended'
  | 'upstream-broken'
  | 'upstream-idle'
  | 'upstream-refused'
  | 'refused-late'
  | 'evicted'
  | 'max-duration'
  | 'unauthorized'
  | 'transform-failed'
  | 'hook-failed'
  | 'draining';

/**
 * Why continuity can't be proven.
 *
 * - `no-ids`: the upstream sent no ids, or none with its last events.
 * - `unusable-id`: the last id, or the id that a browser returned with, is too long or can't be sent unchanged in a
 *   header.
 * - `ids-restarted`: after a resume, known ids arrived with other events.
 * - `unknown-id`: a browser returned with an id of this proxy that is no longer retained.
 * - `event-too-large`: an event exceeded `maxEventBytes` and was discarded. Nothing else is missing.
 * - `unmatched`: a browser joined a shared feed later or during an outage, and its first events could not be matched
 *   with the live ones.
 * - `replay-too-long`: after a resume, the upstream repeated more than was recognised: events may have been sent twice.
 */
export type GapReason =
  | 'no-ids'
  | 'unusable-id'
  | 'ids-restarted'
  | 'unknown-id'
  | 'event-too-large'
  | 'replay-too-long'
  | 'unmatched';
