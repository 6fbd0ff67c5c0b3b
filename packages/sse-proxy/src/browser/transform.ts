import { SseProxyError } from '../errors.ts';
import { callHook, isPromiseLike } from '../hooks/call-hook.ts';
import type { Lifetime } from '../lifecycle/lifetime.ts';
import { parseEvent, serializeEvent, serializeId } from '../sse/events.ts';
import type { SseEvent, SseProxyOptions, StreamInfo } from '../types.ts';

type Transform = NonNullable<SseProxyOptions['transform']>;

/** Where transformed events go, in the order in which they came. */
export interface TransformEvents {
  onBytes(bytes: Buffer, events: number): void;
  /** Nothing is waited for any more. */
  onIdle(): void;
  onError(error: SseProxyError): void;
}

/** Runs the user's transform over one stream's events. A promise holds back what follows it; order is kept. */
export class Transformer {
  readonly #transform: Transform;
  readonly #stream: StreamInfo;
  readonly #lifetime: Lifetime;
  readonly #timeoutMs: number;
  readonly #on: TransformEvents;
  readonly #waiting: { bytes: Buffer; isEvent: boolean }[] = [];
  #pending = false;

  constructor(transform: Transform, stream: StreamInfo, lifetime: Lifetime, timeoutMs: number, on: TransformEvents) {
    this.#transform = transform;
    this.#stream = stream;
    this.#lifetime = lifetime;
    this.#timeoutMs = timeoutMs;
    this.#on = on;
  }

  /** Whether a promise is awaited: the upstream should pause. */
  get pending(): boolean {
    return this.#pending;
  }

  /** Takes whole bytes as they came; what is no event passes as it is. */
  push(bytes: Buffer, isEvent: boolean): void {
    if (this.#pending) this.#waiting.push({ bytes, isEvent });
    else this.#process(bytes, isEvent);
  }

  #process(bytes: Buffer, isEvent: boolean): void {
    if (this.#lifetime.ended) return;
    if (!isEvent) return this.#on.onBytes(bytes, 0);
    const event = parseEvent(bytes);
    try {
      const result = this.#transform({ ...event }, this.#stream);
      if (isPromiseLike(result)) this.#await(event, result);
      else this.#deliver(event, result);
    } catch (cause) {
      this.#fail(cause);
    }
  }

  #await(event: SseEvent, result: PromiseLike<SseEvent | null>): void {
    this.#pending = true;
    callHook('transform', () => result, this.#lifetime, this.#timeoutMs)
      .then((changed) => {
        this.#pending = false;
        this.#deliver(event, changed);
        while (!this.#pending && this.#waiting.length > 0) {
          const { bytes, isEvent } = this.#waiting.shift()!;
          this.#process(bytes, isEvent);
        }
        if (!this.#pending) this.#on.onIdle();
      })
      .catch((cause) => this.#fail(cause));
  }

  #deliver(original: SseEvent, changed: SseEvent | null): void {
    if (this.#lifetime.ended) return;
    if (changed !== null && typeof changed?.data !== 'string') {
      return this.#fail(new TypeError('transform must give an event with data: string, or null'));
    }
    if (changed) this.#on.onBytes(Buffer.from(serializeEvent(changed)), 1);
    else if (original.id !== undefined) this.#on.onBytes(Buffer.from(serializeId(original.id)), 0);
  }

  #fail(cause: unknown): void {
    if (this.#lifetime.ended) return;
    this.#on.onError(new SseProxyError('ERR_SSE_TRANSFORM', { message: 'transform failed', cause }));
  }
}
