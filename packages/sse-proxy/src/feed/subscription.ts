import type { IncomingHttpHeaders } from 'node:http';
import type { EventHandler } from '../sse/event-handler.ts';
import type { EvictContext, OpenStream, SpanReference } from '../types.ts';

/** The next stage for one browser: a transform step or the response writer. */
export interface FeedReader extends EventHandler {
  /** The browser fell further behind than `slowClient` allows. Nothing follows. */
  onLagging(bound: EvictContext['bound'], bytes: number): void;
}

/** What a subscription contributes to {@link OpenStream}: its feed, and how far its reader is behind there. */
export interface SubscriptionState extends Pick<OpenStream, 'feed' | 'upstream' | 'behindEvents' | 'behindBytes'> {
  /** Duration of the upstream's current outage, in milliseconds; 0 without one. */
  readonly outageMs: number;
}

/** One browser's access to a feed of its own, or to a shared one. */
export interface Subscription {
  /**
   * Resolves with the upstream's headers, or with `undefined` if the upstream is connected but has not responded within
   * `openAfterMs`; rejects with the error to refuse the browser with.
   */
  readonly ready: Promise<IncomingHttpHeaders | undefined>;
  /** Starts delivery to `reader`. In one-frame-per-call mode, frames stay valid after `onFrames()` returns. */
  deliverTo(reader: FeedReader): void;
  /** Continues delivery after `onFrames()` returned false. */
  resume(): void;
  /** The span of the shared upstream request; undefined in dedicated mode, and without a tracing agent. */
  readonly sharedSpan?: SpanReference | undefined;
  /** Its current state. */
  describe(): SubscriptionState;
  /** Ends delivery; the browser has left. */
  close(): void;
}
