import { isProxyError, SseProxyError } from '../errors.ts';
import { isPromiseLike } from '../hooks/call-hook.ts';
import { type RunInContext, runInRootContext } from '../lifecycle/async-context.ts';
import { startTimeout } from '../lifecycle/timeout.ts';
import type { UpstreamConnection, UpstreamHandler } from '../upstream/upstream.ts';
import { closeIterator, discard, iteratorOf } from './iterator.ts';
import { encodeEvent } from './source-event.ts';

/** Most events, and about how many characters, that one turn of the event loop pulls from a source. */
const maxEventsPerTurn = 256;
const maxCharactersPerTurn = 65_536;

/** How long a resumed source may run without an event or an error until it counts as connected, in milliseconds. */
const connectedAfterMs = 1_000;

const nothing = () => {};

// Shared: until it is formatted, an error's stack refers to the objects whose methods were running when it was created, and
// the source may keep the signal. It would keep the stream in memory.
const aborted = new DOMException('The events are no longer needed', 'AbortError');

/**
 * One call of the user's `source`, behind the interface of an upstream connection. Its events become bytes here, so that
 * the feed treats both kinds of upstream alike.
 *
 * Events that the source has ready in one turn of the event loop are passed on as one chunk. At most one `next()` is
 * pending, and none is called while the feed is paused.
 */
export class SourceCall implements UpstreamConnection {
  readonly #count: { connections: number };
  #run: RunInContext;
  readonly #isResume: boolean;
  readonly #controller = new AbortController();
  /** Undefined once the call is over: a source that never settles then keeps no stream in memory. */
  #handler: UpstreamHandler | undefined;
  /** Undefined before the source has returned, and after its end. */
  #iterator: AsyncIterator<unknown> | undefined;
  /** True once the handler has been called with the headers. */
  #isConnected = false;
  #isPaused = false;
  #isPulling = false;
  #isFlushDue = false;
  /** The events of this turn, as text. */
  #batch = '';
  /** Number of results of this turn. */
  #results = 0;
  /** Is thrown into the source behind the events before it. */
  #wrongEvent: SseProxyError | undefined;
  /** Is reported behind the events before it. */
  #end: SseProxyError | 'complete' | undefined;
  #stopTimeout = nothing;

  /**
   * The source's own code runs in the asynchronous context of `run`. `isResume`: an async generator that only fails when it
   * is pulled must not count as connected before, or each attempt would end the outage.
   */
  constructor(count: { connections: number }, handler: UpstreamHandler, run: RunInContext, isResume: boolean) {
    this.#count = count;
    this.#handler = handler;
    this.#run = run;
    this.#isResume = isResume;
    count.connections++;
  }

  /** Aborted when the call is over, whatever ended it. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Calls `source` in a microtask: the caller must have this connection first. A promise may take `timeoutMs`. */
  begin(source: () => unknown, timeoutMs: number): void {
    queueMicrotask(() => {
      if (!this.#handler) return;
      try {
        const returned = this.#run(source);
        if (isPromiseLike(returned)) this.#await(returned, timeoutMs);
        else this.#open(returned, !this.#isResume);
      } catch (cause) {
        this.#refuse(cause);
      }
    });
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    // In a turn of its own: the source is the user's code, which must not run within the feed's.
    if (this.#iterator || this.#end) this.#flushSoon();
  }

  abort(): void {
    this.#release();
  }

  #await(returned: PromiseLike<unknown>, timeoutMs: number): void {
    // A thenable of the user's may call back more than once; a promise settles once.
    const settled = Promise.resolve(returned);
    if (!this.#handler) return void settled.then(discard, nothing);
    this.#handler.onConnected();
    this.#stopTimeout = startTimeout(timeoutMs, () => {
      const message = `source returned no events within headersTimeoutMs (${timeoutMs})`;
      this.#refuse(new SseProxyError('ERR_SSE_UPSTREAM_TIMEOUT', { message }));
    });
    settled.then(
      (events) => this.#open(events, true),
      (cause) => this.#refuse(cause),
    );
  }

  #open(events: unknown, isConnected: boolean): void {
    this.#stopTimeout();
    let iterator: AsyncIterator<unknown>;
    try {
      iterator = iteratorOf(events);
    } catch (cause) {
      return this.#refuse(cause);
    }
    // Nobody may want the events any more, since before or since the user's code ran just now.
    if (!this.#handler) return closeIterator(iterator);
    this.#iterator = iterator;
    if (isConnected) this.#connect();
    else this.#stopTimeout = startTimeout(connectedAfterMs, () => this.#connect());
    this.#run(this.#continue);
  }

  #connect(): void {
    if (this.#isConnected) return;
    this.#isConnected = true;
    this.#stopTimeout();
    this.#handler?.onHeaders({});
  }

  /** The source failed before it returned its events. */
  #refuse(cause: unknown): void {
    this.#release()?.onError(asSourceError(cause));
  }

  get #canPull(): boolean {
    const isFull = this.#results >= maxEventsPerTurn || this.#batch.length >= maxCharactersPerTurn;
    // The first result shows whether the source is connected, which may be what the feed waits for.
    const isWanted = !this.#isPaused || (!this.#isConnected && this.#results === 0);
    return isWanted && !this.#isPulling && !isFull && !this.#wrongEvent && !this.#end;
  }

  #pull(): void {
    const iterator = this.#iterator;
    if (!iterator || !this.#canPull) return;
    this.#isPulling = true;
    try {
      Promise.resolve(iterator.next()).then(this.#onResult, this.#onFailure);
    } catch (cause) {
      this.#onFailure(cause);
    }
  }

  readonly #onResult = (result: IteratorResult<unknown>): void => {
    this.#isPulling = false;
    if (!this.#handler) return;
    this.#results++;
    try {
      if (result.done) {
        this.#connect();
        return this.#finish('complete');
      }
      this.#add(result.value);
    } catch (cause) {
      // The iterator is not over: #release() closes it.
      this.#end = asSourceError(cause);
    }
    this.#flushSoon();
    this.#pull();
  };

  readonly #onFailure = (cause: unknown): void => {
    this.#isPulling = false;
    if (!this.#handler) return;
    this.#finish(asSourceError(cause));
    if (!this.#isConnected) this.#report(asSourceError(cause));
  };

  #add(event: unknown): void {
    try {
      this.#batch += encodeEvent(event);
    } catch (cause) {
      this.#wrongEvent = asSourceError(cause);
      return;
    }
    this.#connect();
  }

  /** The source is over: it must not be closed any more. */
  #finish(end: SseProxyError | 'complete'): void {
    this.#iterator = undefined;
    this.#end = end;
    this.#flushSoon();
  }

  // A turn of the event loop lies between two batches, however many events the source has ready.
  #flushSoon(): void {
    if (this.#isFlushDue) return;
    this.#isFlushDue = true;
    setImmediate(this.#flush);
  }

  readonly #flush = (): void => {
    this.#isFlushDue = false;
    if (this.#isPaused) return;
    this.#results = 0;
    if (this.#batch !== '') {
      const chunk = Buffer.from(this.#batch);
      this.#batch = '';
      this.#handler?.onData(chunk);
    }
    // onData() may have paused or aborted this call.
    if (this.#isPaused) return;
    if (this.#end) this.#report(this.#end);
    else this.#run(this.#continue);
  };

  readonly #continue = (): void => {
    if (this.#wrongEvent) this.#throw(this.#wrongEvent);
    else this.#pull();
  };

  /** Throws the error at the `yield` of the event. A source that catches it may go on. */
  #throw(error: SseProxyError): void {
    this.#wrongEvent = undefined;
    const iterator = this.#iterator;
    if (!iterator) return;
    if (typeof iterator.throw !== 'function') return this.#report(error);
    this.#isPulling = true;
    try {
      Promise.resolve(iterator.throw(error)).then(this.#onResult, this.#onFailure);
    } catch (cause) {
      this.#onFailure(cause);
    }
  }

  #report(end: SseProxyError | 'complete'): void {
    const handler = this.#release();
    if (end === 'complete') handler?.onComplete();
    else handler?.onError(end);
  }

  /** Ends the call. Returns its handler; undefined if the call is already over. */
  #release(): UpstreamHandler | undefined {
    const handler = this.#handler;
    if (!handler) return undefined;
    const iterator = this.#iterator;
    this.#handler = undefined;
    this.#iterator = undefined;
    this.#wrongEvent = undefined;
    this.#end = undefined;
    this.#batch = '';
    this.#count.connections--;
    this.#stopTimeout();
    // Before return(), which an async generator queues behind a pending next().
    this.#controller.abort(aborted);
    if (iterator) this.#run(() => closeIterator(iterator));
    this.#run = runInRootContext;
    return handler;
  }
}

function asSourceError(cause: unknown): SseProxyError {
  return isProxyError(cause) ? cause : new SseProxyError('ERR_SSE_SOURCE', { message: 'source failed', cause });
}
