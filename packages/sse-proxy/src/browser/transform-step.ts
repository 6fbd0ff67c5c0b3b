import { SseProxyError } from '../errors.ts';
import type { FeedReader, Subscription } from '../feed/subscription.ts';
import { callHook, isPromiseLike } from '../hooks/call-hook.ts';
import type { Lifetime } from '../lifecycle/lifetime.ts';
import type { EventHandler } from '../sse/event-handler.ts';
import { parseEvent, serializeEvent, serializeId } from '../sse/events.ts';
import type { CloseReason, EvictContext, SseEvent, SseProxyOptions, StreamContext } from '../types.ts';
import type { ResponseWriter } from './response-writer.ts';

type Transform = NonNullable<SseProxyOptions['transform']>;

/** What a transform step needs of its stream. */
export interface TransformParts {
  readonly transform: Transform;
  readonly context: StreamContext;
  readonly lifetime: Lifetime;
  readonly timeoutMs: number;
}

/**
 * `EventHandler` before the response writer: calls the user's `transform` for each event of one stream. While a promise
 * is pending, everything that follows is held back, so order is kept. Expects one frame per call, whose bytes stay
 * valid after the call.
 */
export class TransformStep implements FeedReader {
  readonly #parts: TransformParts;
  readonly #writer: ResponseWriter;
  readonly #subscription: Subscription;
  readonly #held: { bytes: Buffer; isEvent: boolean }[] = [];
  #isPending = false;
  /** The feed's end, if it came while a promise was pending. */
  #end: Parameters<EventHandler['onEnd']> | undefined;

  constructor(parts: TransformParts, writer: ResponseWriter, subscription: Subscription) {
    this.#parts = parts;
    this.#writer = writer;
    this.#subscription = subscription;
  }

  get #isReady(): boolean {
    return !this.#isPending && !this.#writer.isFull;
  }

  /** The writer has drained: continues delivery unless a promise is pending. */
  resume(): void {
    if (this.#isReady) this.#subscription.resume();
  }

  onFrames(buffer: Buffer, start: number, end: number, events: number): boolean {
    this.#push(start === 0 && end === buffer.length ? buffer : buffer.subarray(start, end), events > 0);
    return this.#isReady;
  }

  onControlEvent(bytes: Buffer): void {
    this.#push(bytes, false);
  }

  onLagging(bound: EvictContext['bound'], bytes: number): void {
    this.#writer.onLagging(bound, bytes);
  }

  onEnd(reason: CloseReason, error: SseProxyError | undefined, notBeforeMs?: number): void {
    if (this.#isPending) this.#end = [reason, error, notBeforeMs];
    else this.#writer.onEnd(reason, error, notBeforeMs);
  }

  #push(bytes: Buffer, isEvent: boolean): void {
    if (this.#isPending) this.#held.push({ bytes, isEvent });
    else this.#process(bytes, isEvent);
  }

  #process(bytes: Buffer, isEvent: boolean): void {
    const { transform, context, lifetime } = this.#parts;
    if (lifetime.ended) return;
    if (!isEvent) return this.#writer.onControlEvent(bytes);
    const event = parseEvent(bytes);
    try {
      const result = transform({ ...event }, context);
      if (isPromiseLike(result)) this.#await(event, result);
      else this.#deliver(event, result);
    } catch (cause) {
      this.#fail(cause);
    }
  }

  #await(event: SseEvent, result: PromiseLike<SseEvent | null>): void {
    const { lifetime, timeoutMs } = this.#parts;
    this.#isPending = true;
    callHook('transform', () => result, lifetime, timeoutMs)
      .then((changed) => {
        this.#isPending = false;
        this.#deliver(event, changed);
        this.#processHeld();
      })
      .catch((cause) => this.#fail(cause));
  }

  #processHeld(): void {
    let done = 0;
    while (!this.#isPending && done < this.#held.length) {
      const { bytes, isEvent } = this.#held[done++] as { bytes: Buffer; isEvent: boolean };
      this.#process(bytes, isEvent);
    }
    this.#held.splice(0, done);
    if (this.#isPending) return;
    if (this.#end) this.#writer.onEnd(...this.#end);
    else this.resume();
  }

  #deliver(original: SseEvent, changed: SseEvent | null): void {
    if (this.#parts.lifetime.ended) return;
    if (changed === null) {
      if (original.id !== undefined) this.#writer.onControlEvent(Buffer.from(serializeId(original.id)));
      return;
    }
    // Read once: a getter may return something else the next time.
    const { id, event, data, retry } = changed ?? {};
    if (typeof data !== 'string') throw new TypeError('transform must return an event with data: string, or null');
    const bytes = Buffer.from(serializeEvent({ id, event, data, retry } as SseEvent));
    this.#writer.onFrames(bytes, 0, bytes.length, 1);
  }

  #fail(cause: unknown): void {
    if (this.#parts.lifetime.ended) return;
    this.#writer.onEnd(
      'transform-failed',
      new SseProxyError('ERR_SSE_TRANSFORM', { message: 'transform failed', cause }),
    );
  }
}
