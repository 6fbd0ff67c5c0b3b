import { SseProxyError } from '../errors.ts';
import { isPromiseLike } from '../hooks/call-hook.ts';
import type { RunInContext } from '../lifecycle/async-context.ts';
import { startTimeout } from '../lifecycle/timeout.ts';
import type { UpstreamConnection, UpstreamHandler } from '../upstream/upstream.ts';
import { EventPump, type PumpHandler } from './event-pump.ts';
import { closeIterator, discard, iteratorOf } from './iterator.ts';
import { asSourceError } from './source-event.ts';

/** How long a resumed source may run without an event or an error until it counts as connected, in milliseconds. */
const connectedAfterMs = 1_000;

const nothing = () => {};

// Shared by all calls. Until an error's stack is formatted, it refers to the objects whose methods were running when
// the error was created. With an error per call, a source that retains its signal would keep the stream in memory.
const aborted = new DOMException('The events are no longer needed', 'AbortError');

/**
 * One call of the user's `source`, behind the interface of an upstream connection: the feed treats both kinds of
 * upstream alike.
 */
export class SourceCall implements UpstreamConnection, PumpHandler {
  readonly #count: { connections: number };
  readonly #isResume: boolean;
  readonly #controller = new AbortController();
  /** Undefined once the call is over, so that a source that never settles keeps no stream in memory. */
  #handler: UpstreamHandler | undefined;
  /** Undefined before the source has returned its iterable. */
  #pump: EventPump | undefined;
  /** True once the handler has been called with the headers. */
  #isConnected = false;
  #isPaused = false;
  #stopTimeout = nothing;

  /**
   * `isResume`: the call does not count as connected before its first event. Otherwise an async generator that fails
   * when it is pulled would end the outage with each attempt.
   */
  constructor(count: { connections: number }, handler: UpstreamHandler, isResume: boolean) {
    this.#count = count;
    this.#handler = handler;
    this.#isResume = isResume;
    count.connections++;
  }

  /** Aborted when the call is over, whatever ended it. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /**
   * Calls `source` in a microtask: the caller must have this connection first. All of the source's code runs in the
   * asynchronous context of `run`. A promise that `source` returns must settle within `timeoutMs`.
   */
  begin(source: () => unknown, run: RunInContext, timeoutMs: number): void {
    queueMicrotask(() => {
      if (!this.#handler) return;
      try {
        const returned = run(source);
        if (isPromiseLike(returned)) this.#await(returned, run, timeoutMs);
        else this.#open(returned, run, !this.#isResume);
      } catch (cause) {
        this.#refuse(cause);
      }
    });
  }

  pause(): void {
    this.#isPaused = true;
    this.#pump?.pause();
  }

  resume(): void {
    this.#isPaused = false;
    this.#pump?.resume();
  }

  abort(): void {
    this.#release();
  }

  #await(returned: PromiseLike<unknown>, run: RunInContext, timeoutMs: number): void {
    // A thenable of the user's may call back more than once; a promise settles once.
    const settled = Promise.resolve(returned);
    if (!this.#handler) return void settled.then(discard, nothing);
    this.#handler.onConnected();
    this.#stopTimeout = startTimeout(timeoutMs, () => {
      const message = `source returned no events within headersTimeoutMs (${timeoutMs})`;
      this.#refuse(new SseProxyError('ERR_SSE_UPSTREAM_TIMEOUT', { message }));
    });
    settled.then(
      (events) => this.#open(events, run, true),
      (cause) => this.#refuse(cause),
    );
  }

  #open(events: unknown, run: RunInContext, isConnected: boolean): void {
    this.#stopTimeout();
    let iterator: AsyncIterator<unknown>;
    try {
      iterator = iteratorOf(events);
    } catch (cause) {
      return this.#refuse(cause);
    }
    // The call may have been aborted earlier, or by the user's code that has just run.
    if (!this.#handler) return closeIterator(iterator);
    this.#pump = new EventPump(iterator, this, run);
    if (this.#isPaused) this.#pump.pause();
    if (isConnected) this.onFirstResult();
    else this.#stopTimeout = startTimeout(connectedAfterMs, () => this.onFirstResult());
    // A feed that reconnects may stay paused until it is connected, so the first event must be pulled despite the
    // pause.
    this.#pump?.start(!isConnected);
  }

  /** The source works: the stream may open, or the outage ends. */
  onFirstResult(): void {
    if (this.#isConnected) return;
    this.#isConnected = true;
    this.#stopTimeout();
    this.#handler?.onHeaders({});
  }

  onData(chunk: Buffer): void {
    this.#handler?.onData(chunk);
  }

  onEnd(end: SseProxyError | 'complete'): void {
    const handler = this.#release();
    if (end === 'complete') handler?.onComplete();
    else handler?.onError(end);
  }

  /** The source failed before it returned its events. */
  #refuse(cause: unknown): void {
    this.#release()?.onError(asSourceError(cause));
  }

  /** Ends the call. Returns its handler; undefined if the call is already over. */
  #release(): UpstreamHandler | undefined {
    const handler = this.#handler;
    if (!handler) return undefined;
    this.#handler = undefined;
    this.#count.connections--;
    this.#stopTimeout();
    // Before return(), which an async generator queues behind a pending next().
    this.#controller.abort(aborted);
    this.#pump?.close();
    this.#pump = undefined;
    return handler;
  }
}
