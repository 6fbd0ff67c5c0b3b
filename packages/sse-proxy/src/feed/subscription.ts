import type { IncomingHttpHeaders } from 'node:http';
import type { SseProxyError } from '../errors.ts';
import type { CloseReason, EvictContext } from '../types.ts';

/** One browser's end of a feed. */
export interface FeedReader {
  /**
   * Takes whole frames, in order. `false`: taken, but no more until {@link Subscription.resume}. The bytes are lent, but
   * where every frame comes alone.
   */
  onFrames(bytes: Buffer, events: number): boolean;
  /** Takes one of our own events, between frames. */
  onControlEvent(bytes: Buffer): void;
  /** It fell behind further than `slowClient` allows, and gets nothing more. */
  onLagging(bound: EvictContext['bound'], bytes: number): void;
  /** The feed is over. */
  onEnd(reason: CloseReason, error: SseProxyError | undefined): void;
}

/** A feed as one browser sees it: its own, or its place in a shared one. */
export interface Subscription {
  /** Resolves with the upstream's headers; rejects with what the browser is refused with. */
  readonly ready: Promise<IncomingHttpHeaders>;
  /** Lets frames flow to `reader`. */
  read(reader: FeedReader): void;
  /** The reader can take more again. */
  resume(): void;
  /** The browser is gone. */
  close(): void;
}
