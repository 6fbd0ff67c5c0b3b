import type { Config } from '../config/options.ts';
import type { SseProxyError } from '../errors.ts';
import type { Heartbeat } from '../lifecycle/heartbeat.ts';
import type { CloseReason, GapReason } from '../types.ts';
import type { Upstream, UpstreamRequest } from '../upstream/upstream.ts';

/** A stretch of time for which continuity can't be proven. */
export interface Gap {
  readonly reason: GapReason;
  /** When the upstream was lost and when it was back, in milliseconds since the epoch. */
  readonly from: number;
  readonly to: number;
}

/** Where a feed's frames go. */
export interface FeedSink {
  /**
   * A whole frame that was not delivered before: `source.subarray(start, end)`, lent unless {@link FeedParts.retainFrames}.
   * `id` is its own, if it has one.
   */
  onFrame(source: Buffer, start: number, end: number, isEvent: boolean, id: string | undefined): void;
  /** A chunk is through: what was collected may go out. */
  onChunk(): void;
  onGap(gap: Gap): void;
  onResume(attempts: number, outageMs: number): void;
  /** No more frames come. */
  onEnd(reason: CloseReason, error: SseProxyError | undefined): void;
}

/** What a feed is made of. */
export interface FeedParts {
  readonly upstream: Upstream;
  readonly heartbeat: Heartbeat;
  readonly config: Pick<Config, 'idleTimeoutMs' | 'idleTimeoutIsSet' | 'maxEventBytes' | 'resume'>;
  /** Where the feed starts: a Last-Event-ID, a byte string; empty for "now". */
  readonly cursor: string;
  /** Makes the request anew for a resume, without Last-Event-ID. May fail: that attempt then has failed. */
  readonly prepare: () => Promise<UpstreamRequest>;
  readonly sink: FeedSink;
  /** Whether frames are wanted for longer than the call that hands them on: then they get memory of their own. */
  readonly retainFrames: boolean;
}

/** Told about what a feed's browsers share. */
export interface FeedListener {
  onResume(attempts: number, outageMs: number, browsers: number): void;
  onGap(gap: Gap, browsers: number): void;
}
