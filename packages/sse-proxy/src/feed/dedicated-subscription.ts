import type { IncomingHttpHeaders } from 'node:http';
import type { SseProxyError } from '../errors.ts';
import type { EventHandler } from '../sse/event-handler.ts';
import type { CloseReason } from '../types.ts';
import type { UpstreamRequest } from '../upstream/upstream.ts';
import { Feed } from './feed.ts';
import type { FeedHandler, FeedParts } from './feed-parts.ts';
import { FrameRun } from './frame-run.ts';
import type { FeedReader, Subscription, SubscriptionState } from './subscription.ts';

/** Dedicated mode: a feed with one reader. A slow reader pauses the upstream. */
export class DedicatedSubscription implements Subscription, FeedHandler {
  readonly ready: Promise<IncomingHttpHeaders | undefined>;
  readonly needsIds = false;
  readonly browsers = 1;
  readonly #feed: Feed;
  readonly #run = new FrameRun();
  /** Cached "run is not empty", so that single-event chunks never touch the FrameRun object. */
  #hasRun = false;
  readonly #oneFramePerCall: boolean;
  #reader: FeedReader | undefined;
  #outcome: Parameters<EventHandler['onEnd']> | undefined;

  /** `oneFramePerCall`: frames are not joined, and stay valid after the call. */
  constructor(parts: Omit<FeedParts, 'handler' | 'retainFrames'>, request: UpstreamRequest, oneFramePerCall: boolean) {
    this.#oneFramePerCall = oneFramePerCall;
    this.#feed = new Feed({ ...parts, handler: this, retainFrames: oneFramePerCall });
    // Nothing is read from the upstream before there is a reader.
    this.#feed.pause();
    this.ready = this.#feed.connect(request);
  }

  deliverTo(reader: FeedReader): void {
    this.#reader = reader;
    if (this.#outcome) return reader.onEnd(...this.#outcome);
    const state = this.#feed.upstreamState;
    if (state) reader.onControlEvent(state, false);
    this.#feed.resume();
  }

  resume(): void {
    this.#feed.resume();
  }

  describe(): SubscriptionState {
    const { status, outageMs } = this.#feed;
    return { feed: undefined, upstream: status, outageMs, behindEvents: 0, behindBytes: 0 };
  }

  close(): void {
    this.#feed.close();
  }

  onFrames(buffer: Buffer, start: number, end: number, events: number): boolean {
    if (this.#hasRun && (this.#oneFramePerCall || !this.#run.continues(buffer, start))) this.onChunkEnd();
    // Most chunks are one frame, and there is nothing to join.
    if (start === 0 && end === buffer.length) return this.#forward(buffer, 0, end, events);
    this.#run.add(buffer, start, end, events);
    this.#hasRun = true;
    return true;
  }

  onChunkEnd(): void {
    if (!this.#hasRun) return;
    this.#hasRun = false;
    const { buffer, start, end, events } = this.#run;
    this.#run.clear();
    this.#forward(buffer, start, end, events);
  }

  #forward(buffer: Buffer, start: number, end: number, events: number): boolean {
    const hasRoom = this.#reader?.onFrames(buffer, start, end, events, undefined) ?? true;
    if (!hasRoom) this.#feed.pause();
    return hasRoom;
  }

  onControlEvent(bytes: Buffer, isReplayed: boolean): void {
    this.onChunkEnd();
    this.#reader?.onControlEvent(bytes, isReplayed);
  }

  onEnd(reason: CloseReason, error: SseProxyError | undefined, notBeforeMs?: number): void {
    this.#outcome = [reason, error, notBeforeMs];
    this.#reader?.onEnd(reason, error, notBeforeMs);
  }
}
