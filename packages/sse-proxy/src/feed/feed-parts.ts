import type { Config } from '../config/options.ts';
import type { SseProxyError } from '../errors.ts';
import type { Ticker } from '../lifecycle/ticker.ts';
import type { EventHandler } from '../sse/event-handler.ts';
import type { GapReason } from '../types.ts';
import type { Upstream, UpstreamRequest } from '../upstream/upstream.ts';

/** A period for which continuity can't be proven. */
export interface Gap {
  readonly reason: GapReason;
  /** When the upstream was lost and when it was back, in milliseconds since the epoch. */
  readonly from: number;
  readonly to: number;
  /** Id of the event that is missing, as a byte string, if it is a single one and its id is known. */
  readonly id?: string;
}

/** The stage after a {@link Feed}: a dedicated subscription or a shared feed. */
export interface FeedHandler extends EventHandler {
  /** False: `onFrames` is called without ids, which spares each event a string. */
  readonly needsIds: boolean;
  /** Number of browsers that read from this feed. */
  readonly browsers: number;
  /** Called after the last frame of each upstream chunk: sends what was joined so far. */
  onChunkEnd(): void;
}

/** Constructor arguments of a {@link Feed}. */
export interface FeedParts {
  readonly upstream: Upstream;
  readonly ticker: Ticker;
  readonly config: Pick<
    Config,
    'idleTimeoutMs' | 'idleTimeoutIsSet' | 'maxEventBytes' | 'openAfterMs' | 'resume' | 'retryMs'
  >;
  /** The Last-Event-ID of the first request, as a byte string. Empty: no Last-Event-ID. */
  readonly cursor: string;
  /** Makes the request of a resume, without Last-Event-ID. A rejection counts as a failed attempt. */
  readonly prepare: () => Promise<UpstreamRequest>;
  readonly handler: FeedHandler;
  /** True if the handler retains frames after `onFrames()` returns. The feed then copies each chunk first. */
  readonly retainFrames: boolean;
  readonly feedListener: FeedListener;
  /** True if the proxy gives the events ids of its own. */
  readonly assignIds: boolean;
}

/** Is notified of what concerns all browsers of a feed. */
export interface FeedListener {
  /** The route of the browser for which the feed was opened. */
  readonly route?: string;
  /** The upstream is lost, or a reconnect failed with another code than before, after `attempts` failed requests. */
  onUpstreamLost(error: SseProxyError, attempts: number, browsers: number): void;
  /** The upstream is back after `attempts` requests and `outageMs` milliseconds. */
  onResume(attempts: number, outageMs: number, browsers: number): void;
  /** A gap event was sent to `browsers` browsers. */
  onGap(gap: Gap, browsers: number): void;
}
