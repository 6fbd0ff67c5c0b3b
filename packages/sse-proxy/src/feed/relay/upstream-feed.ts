import type { SseProxyError } from '../../errors.ts';
import { parseEvent, type UpstreamState } from '../../sse/events.ts';
import type { CloseReason } from '../../types.ts';
import { Feed } from '../feed.ts';
import type { FeedHandler, FeedParts, Gap } from '../feed-parts.ts';
import { FrameRun } from '../frame-run.ts';

/** Receives what an {@link UpstreamFeed} reads. */
export interface UpstreamFeedListener {
  /** The connection is established, and the response has not arrived yet. */
  onConnected(): void;
  /** The upstream has accepted the request of a resume. */
  onReconnected(): void;
  /** Whole frames, `events` of which are events. The bytes stay valid. */
  onFrames(bytes: Buffer, events: number): void;
  onGap(gap: Gap): void;
  /** The upstream's state has changed: `since` in milliseconds since the epoch. */
  onState(state: UpstreamState, since: number): void;
  /** Nothing follows. */
  onEnd(reason: CloseReason, error: SseProxyError | undefined): void;
}

/** Joins copies of the frames of each chunk. */
class FrameJoiner implements FeedHandler {
  readonly needsIds = false;
  readonly browsers = 0;
  readonly #listener: UpstreamFeedListener;
  readonly #run = new FrameRun();
  readonly #pieces: Buffer[] = [];
  /** Number of events in `#pieces`. */
  #events = 0;

  constructor(listener: UpstreamFeedListener) {
    this.#listener = listener;
  }

  onFrames(buffer: Buffer, start: number, end: number, events: number): boolean {
    if (!this.#run.continues(buffer, start)) this.#cut();
    this.#run.add(buffer, start, end, events);
    return true;
  }

  #cut(): void {
    if (this.#run.isEmpty) return;
    const { buffer, start, end, events } = this.#run;
    this.#run.clear();
    this.#pieces.push(Buffer.from(buffer.subarray(start, end)));
    this.#events += events;
  }

  /** Passes on what was joined. */
  flush(): void {
    this.#cut();
    const [first] = this.#pieces;
    if (!first) return;
    const bytes = this.#pieces.length === 1 ? first : Buffer.concat(this.#pieces);
    const events = this.#events;
    this.#pieces.length = 0;
    this.#events = 0;
    this.#listener.onFrames(bytes, events);
  }

  onChunkEnd(): void {
    this.flush();
  }

  /** An in-band event of the upstream, which is another proxy. */
  onControlEvent(bytes: Buffer): void {
    this.#cut();
    this.#pieces.push(bytes);
    this.#events++;
  }

  onEnd(reason: CloseReason, error: SseProxyError | undefined): void {
    this.flush();
    this.#listener.onEnd(reason, error);
  }
}

/**
 * The feed that reads the real upstream, in the instance that leads or in one that reads alone. It has no browsers:
 * what it reads goes to the log, or to the instance's `RelayedFeed`.
 */
export class UpstreamFeed extends Feed {
  readonly #joiner: FrameJoiner;
  readonly #listener: UpstreamFeedListener;

  /** `parts`: those of the instance's `RelayedFeed`. */
  constructor(parts: FeedParts, cursor: string, listener: UpstreamFeedListener) {
    const joiner = new FrameJoiner(listener);
    const { feedListener } = parts;
    super({
      ...parts,
      // The `RelayedFeed` opens early, and reports gaps.
      config: { ...parts.config, openAfterMs: false },
      cursor,
      handler: joiner,
      retainFrames: false,
      feedListener: {
        onUpstreamLost: (error, attempts) => feedListener.onUpstreamLost(error, attempts, parts.handler.browsers),
        onResume: (attempts, outageMs) => feedListener.onResume(attempts, outageMs, parts.handler.browsers),
        onGap() {},
      },
    });
    this.#joiner = joiner;
    this.#listener = listener;
  }

  override onConnected(): void {
    super.onConnected();
    this.#listener.onConnected();
  }

  protected override onReconnected(attempts: number, outageMs: number): void {
    this.#listener.onReconnected();
    super.onReconnected(attempts, outageMs);
  }

  protected override sendGap(gap: Gap): void {
    this.#joiner.flush();
    this.#listener.onGap(gap);
  }

  protected override sendControlEvent(bytes: Buffer): void {
    this.#joiner.flush();
    const { state, since } = JSON.parse(parseEvent(bytes).data) as { state: UpstreamState; since: string };
    this.#listener.onState(state, Date.parse(since));
  }
}
