import type { Request } from 'express';
import type { SourceContext, SseEvent } from '../../src/types.ts';
import { until } from './until.ts';

/** One call of a {@link pushedSource}: the test decides what its iterator yields. */
export class PushedCall implements AsyncIterator<SseEvent> {
  readonly req: Request;
  readonly lastEventId: string | undefined;
  readonly signal: AbortSignal;
  /** Number of `next()` calls. */
  pulls = 0;
  /** Number of `return()` calls, and whether the signal was aborted before the first. */
  returns = 0;
  abortedFirst: boolean | undefined;
  /** What was thrown into it. */
  readonly thrown: unknown[] = [];
  readonly #queue: (() => IteratorResult<SseEvent>)[] = [];
  #wake: (() => void) | undefined;

  constructor(req: Request, { lastEventId, signal }: SourceContext) {
    this.req = req;
    this.lastEventId = lastEventId;
    this.signal = signal;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<SseEvent>> {
    this.pulls++;
    while (this.#queue.length === 0) await new Promise<void>((resolve) => (this.#wake = resolve));
    return (this.#queue.shift() as () => IteratorResult<SseEvent>)();
  }

  async return(): Promise<IteratorResult<SseEvent>> {
    this.returns++;
    this.abortedFirst ??= this.signal.aborted;
    return { done: true, value: undefined };
  }

  throw(error: unknown): Promise<IteratorResult<SseEvent>> {
    this.thrown.push(error);
    return Promise.reject(error);
  }

  push(...events: unknown[]): void {
    for (const value of events) this.#queue.push(() => ({ done: false, value: value as SseEvent }));
    this.#wake?.();
  }

  end(): void {
    this.#queue.push(() => ({ done: true, value: undefined }));
    this.#wake?.();
  }

  fail(error: unknown): void {
    this.#queue.push(() => {
      throw error;
    });
    this.#wake?.();
  }
}

/** A source that does only what the test calls. */
export function pushedSource() {
  const calls: PushedCall[] = [];
  return {
    calls,
    source: (req: Request, context: SourceContext): AsyncIterable<SseEvent> => {
      const call = new PushedCall(req, context);
      calls.push(call);
      return call as AsyncIterable<SseEvent>;
    },
    /** Waits for the n-th call, from 0. */
    call: (n = 0) => until(() => calls[n]),
  };
}
