import type { IncomingHttpHeaders } from 'node:http';
import type { SseProxyError } from '../errors.ts';
import { gapBytes } from '../sse/events.ts';
import type { CloseReason } from '../types.ts';
import type { UpstreamRequest } from '../upstream/upstream.ts';
import { Feed } from './feed.ts';
import type { FeedListener, FeedParts, FeedSink, Gap } from './feed-parts.ts';
import { FrameRun } from './frame-run.ts';
import type { FeedReader, Subscription } from './subscription.ts';

/** Dedicated mode: a feed with one reader, which may slow the upstream down. */
export class DirectSubscription implements Subscription, FeedSink {
  readonly ready: Promise<IncomingHttpHeaders>;
  readonly #feed: Feed;
  readonly #run = new FrameRun();
  /** Whether the run holds anything. Known here too, since the run is an object that most events need not meet. */
  #joins = false;
  readonly #oneFramePerCall: boolean;
  readonly #feedListener: FeedListener;
  #reader: FeedReader | undefined;
  #outcome: [CloseReason, SseProxyError | undefined] | undefined;

  /** `single`: every frame is handed on alone, not joined with its neighbours, and may be kept. */
  constructor(
    parts: Omit<FeedParts, 'sink' | 'retainFrames'>,
    request: UpstreamRequest,
    oneFramePerCall: boolean,
    feedListener: FeedListener,
  ) {
    this.#oneFramePerCall = oneFramePerCall;
    this.#feedListener = feedListener;
    this.#feed = new Feed({ ...parts, sink: this, retainFrames: oneFramePerCall });
    // Nothing is read before there is somebody to give it to.
    this.#feed.pause();
    this.ready = this.#feed.connect(request);
  }

  read(reader: FeedReader): void {
    this.#reader = reader;
    if (this.#outcome) reader.onEnd(...this.#outcome);
    else this.#feed.resume();
  }

  resume(): void {
    this.#feed.resume();
  }

  close(): void {
    this.#feed.close();
  }

  onFrame(source: Buffer, start: number, end: number, isEvent: boolean): void {
    if (this.#joins && (this.#oneFramePerCall || !this.#run.continues(source, start))) this.onChunk();
    // Mostly a chunk is one event, and there is nothing to be joined.
    if (start === 0 && end === source.length) return this.#give(source, isEvent ? 1 : 0);
    this.#run.add(source, start, end, isEvent);
    this.#joins = true;
  }

  onChunk(): void {
    if (!this.#joins) return;
    this.#joins = false;
    const { events } = this.#run;
    const bytes = this.#run.take();
    if (bytes) this.#give(bytes, events);
  }

  #give(bytes: Buffer, events: number): void {
    if (this.#reader && !this.#reader.onFrames(bytes, events)) this.#feed.pause();
  }

  onGap(gap: Gap): void {
    this.onChunk();
    this.#reader?.onControlEvent(gapBytes(gap));
    this.#feedListener.onGap(gap, 1);
  }

  onResume(attempts: number, outageMs: number): void {
    this.#feedListener.onResume(attempts, outageMs, 1);
  }

  onEnd(reason: CloseReason, error: SseProxyError | undefined): void {
    this.#outcome = [reason, error];
    this.#reader?.onEnd(reason, error);
  }
}
