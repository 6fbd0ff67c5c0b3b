import type { OpenFeed, OpenStream } from './stream.ts';

/** Counters and gauges of one middleware. Counters start at 0 when it is made and never decrease. */
export interface SseProxyStats {
  /** Gauge: streams that are open. */
  open: number;
  /** Gauge: requests that are being authorized, limited or connected. */
  opening: number;
  /** Counter: streams that were opened. */
  opened: number;
  /** Counter: requests that were refused. */
  refused: number;
  /** Counter: browsers that were disconnected because they read too slowly. */
  evicted: number;
  /** Counter: upstream events written to browsers. */
  events: number;
  /**
   * Counter: bytes written to browsers, heartbeats and the proxy's own events included; HTTP framing, and the
   * `sse-proxy:end` or `sse-proxy:refused` event that ends a stream, excluded.
   */
  bytes: number;
  /** Gauge: bytes buffered for slow browsers. */
  bufferedBytes: number;
  /** Gauge: upstream requests in progress, from DNS to the end of the body. */
  upstreamConnections: number;
  /** Gauge: shared feeds, including those that linger after their last browser. */
  sharedFeeds: number;
  /** Gauge: bytes that shared feeds retain for browsers that return. */
  replayBytes: number;
  /** Gauge: duration of the longest current outage of an upstream, in milliseconds; 0 while there is none. */
  outageMs: number;
  /** Gauge: age of the oldest open stream, in milliseconds; 0 without one. */
  oldestMs: number;
  /** Whether `close()` was called. */
  draining: boolean;
}

/** What a middleware reports about itself. */
export interface Inspectable {
  /** The current counters and gauges. */
  stats(): SseProxyStats;
  /** The streams that are open now, oldest first. */
  streams(): OpenStream[];
  /** The shared feeds that have an upstream connection now, oldest first, those that linger included. */
  feeds(): OpenFeed[];
}
