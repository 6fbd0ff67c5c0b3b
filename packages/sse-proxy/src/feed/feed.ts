import { SseProxyError } from '../errors.ts';
import type { EventHandler } from '../sse/event-handler.ts';
import { gapBytes } from '../sse/events.ts';
import { Framer } from '../sse/framer.ts';
import type { CloseReason, GapReason } from '../types.ts';
import { FeedConnection } from './feed-connection.ts';
import type { FeedHandler, FeedParts } from './feed-parts.ts';
import { ReplayFilter } from './replay-filter.ts';

const COLON = 0x3a;

/**
 * One upstream subscription: connect → frame → resume. Delivers every event once, whole and in order, or a gap.
 *
 * This class is the frame path; {@link FeedConnection} connects and reconnects. They are one object because a second one
 * would cost every event a cache miss.
 */
export class Feed extends FeedConnection implements Pick<EventHandler, 'onFrames'> {
  // Copied from the parts so that the per-event path dereferences fewer objects.
  readonly #handler: FeedHandler;
  readonly #retainFrames: boolean;
  readonly #recordsFrames: boolean;
  readonly #framer: Framer;
  readonly #replayFilter: ReplayFilter;

  constructor(parts: FeedParts) {
    super(parts);
    this.#handler = parts.handler;
    this.#retainFrames = parts.retainFrames;
    this.#recordsFrames = parts.config.resume !== false;
    this.#framer = new Framer(this, parts.config.maxEventBytes);
    this.#replayFilter = new ReplayFilter(parts.config.maxEventBytes);
  }

  onData(chunk: Buffer): void {
    if (this.isClosed) return;
    if (this.quietBeats > 0) this.onLife();
    try {
      this.#framer.push(this.#retainFrames ? copyOf(chunk) : chunk);
      this.#handler.onChunkEnd();
    } catch (error) {
      this.#handler.onChunkEnd();
      if (!(error instanceof SseProxyError)) throw error;
      // The same event would come again after a resume.
      this.finish('event-too-large', error);
    }
  }

  onFrames(source: Buffer, start: number, end: number, events: number, id: string | undefined): boolean {
    if (events === 0 && id === undefined) {
      if (source[start] === COLON) this.onComment();
      return this.#handler.onFrames(source, start, end, 0, undefined);
    }
    if (this.#replayFilter.catchingUp) {
      const verdict = this.#replayFilter.classify(source, start, end, id, events > 0, this.cursor);
      if (verdict === 'drop') return true;
      if (verdict === 'restarted') {
        this.#gap('ids-restarted');
        for (const held of this.#replayFilter.takeHeld())
          this.#deliver(held.bytes, 0, held.bytes.length, held.isEvent ? 1 : 0, held.id);
      }
    }
    return this.#deliver(source, start, end, events, id);
  }

  #deliver(source: Buffer, start: number, end: number, events: number, id: string | undefined): boolean {
    if (id !== undefined) this.cursor = id;
    if (this.#recordsFrames) this.#replayFilter.record(source, start, end, id);
    this.hasDelivered = true;
    return this.#handler.onFrames(source, start, end, events, id);
  }

  #gap(reason: GapReason): void {
    const { from, to } = this.outage;
    const gap = { reason, from, to };
    this.#handler.onControlEvent(gapBytes(gap), true);
    this.parts.feedListener.onGap(gap, this.#handler.browsers);
  }

  protected get retryMs(): number | undefined {
    return this.#framer.retryMs;
  }

  protected get showsLife(): boolean {
    return this.#framer.showsLife;
  }

  protected sendControlEvent(bytes: Buffer): void {
    this.#handler.onControlEvent(bytes, false);
  }

  protected onLost(): void {
    this.#framer.restart();
  }

  protected onReconnected(attempts: number, outageMs: number): void {
    this.parts.feedListener.onResume(attempts, outageMs, this.#handler.browsers);
    const reason = this.#replayFilter.resume(this.cursor);
    if (reason) this.#gap(reason);
  }

  protected onFinished(reason: CloseReason, error: SseProxyError | undefined): void {
    this.#handler.onEnd(reason, error);
  }
}

// A pooled buffer would keep the memory of neighbouring frames alive with each retained one.
function copyOf(chunk: Buffer): Buffer {
  const copy = Buffer.allocUnsafeSlow(chunk.length);
  chunk.copy(copy);
  return copy;
}
