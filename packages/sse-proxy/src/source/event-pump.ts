import type { SseProxyError } from '../errors.ts';
import type { RunInContext } from '../lifecycle/async-context.ts';
import { closeIterator } from './iterator.ts';
import { asSourceError, encodeEvent } from './source-event.ts';

/** Most events, and about how many characters, that are pulled from a source between two turns of the event loop. */
const maxEventsPerTurn = 256;
const maxCharactersPerTurn = 65_536;

// Events are encoded here, one batch after another: a buffer for each would be garbage outside of the heap.
const memory = Buffer.allocUnsafeSlow(maxCharactersPerTurn);
const maxBytesPerCharacter = 3;

/**
 * Microtasks without an event after which a source counts as having no more ready. An async generator needs two for
 * each.
 */
const quietMicrotasks = 16;

const settled = Promise.resolve();

/** Handles what a source yields. */
export interface PumpHandler {
  /** The source has yielded its first event, or has returned without one. */
  onFirstResult(): void;
  /** `chunk` is only valid during the call. */
  onData(chunk: Buffer): void;
  /** The source has returned (`'complete'`) or failed. Nothing is called afterwards. */
  onEnd(end: SseProxyError | 'complete'): void;
}

/**
 * Pulls the iterator of a source, and turns its events into bytes. Events that the source has ready are passed on as
 * one chunk, as soon as it has no more. At most one `next()` is pending, and none is called during a pause.
 */
export class EventPump {
  /** The source's own code runs in this asynchronous context. */
  readonly #run: RunInContext;
  /** Undefined after the end: a source that never settles then keeps no stream in memory. */
  #handler: PumpHandler | undefined;
  /** Undefined after the source's own end: then it must not be closed. */
  #iterator: AsyncIterator<unknown> | undefined;
  #isEager = false;
  #hasResult = false;
  #isPaused = false;
  #isPulling = false;
  #isFlushDue = false;
  #microtasksLeft = 0;
  #isTurnDue = false;
  /** The events to pass on next, as text. */
  #batch = '';
  // What was pulled since the event loop last had a turn.
  #results = 0;
  #characters = 0;
  /** Is thrown into the source behind the events before it. */
  #wrongEvent: SseProxyError | undefined;
  /** Is reported behind the events before it. */
  #end: SseProxyError | 'complete' | undefined;

  constructor(iterator: AsyncIterator<unknown>, handler: PumpHandler, run: RunInContext) {
    this.#iterator = iterator;
    this.#handler = handler;
    this.#run = run;
  }

  /** `isEager`: the first result is pulled despite a pause. */
  start(isEager: boolean): void {
    this.#isEager = isEager;
    this.#run(this.#continue);
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    // In a microtask: the source is the user's code, which must not run within the feed's.
    this.#flushSoon();
  }

  /** Drops what is buffered, and closes the iterator unless the source is over by itself. */
  close(): void {
    const iterator = this.#iterator;
    this.#handler = undefined;
    this.#iterator = undefined;
    this.#wrongEvent = undefined;
    this.#end = undefined;
    this.#batch = '';
    if (iterator) this.#run(() => closeIterator(iterator));
  }

  // A method, as the next one: below its top tier, V8 reads a private getter by a call into its runtime.
  /** True if the event loop must have a turn before anything more is pulled. */
  #isFull(): boolean {
    return this.#results >= maxEventsPerTurn || this.#characters >= maxCharactersPerTurn;
  }

  #canPull(): boolean {
    const isWanted = !this.#isPaused || this.#isEager;
    return isWanted && !this.#isPulling && !this.#isFull() && !this.#wrongEvent && !this.#end;
  }

  #pull(): void {
    const iterator = this.#iterator;
    if (!iterator || !this.#canPull()) return;
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
    this.#isEager = false;
    try {
      if (result.done) return this.#finish('complete');
      this.#add(result.value);
    } catch (cause) {
      // The iterator is not over: close() closes it.
      this.#end = asSourceError(cause);
    }
    this.#flushSoon();
    this.#pull();
  };

  readonly #onFailure = (cause: unknown): void => {
    this.#isPulling = false;
    if (this.#handler) this.#finish(asSourceError(cause));
  };

  #add(event: unknown): void {
    try {
      const text = encodeEvent(event);
      this.#batch += text;
      this.#characters += text.length;
    } catch (cause) {
      this.#wrongEvent = asSourceError(cause);
      return;
    }
    this.#noteResult();
  }

  #noteResult(): void {
    if (this.#hasResult) return;
    this.#hasResult = true;
    this.#handler?.onFirstResult();
  }

  #finish(end: SseProxyError | 'complete'): void {
    this.#iterator = undefined;
    if (end === 'complete') this.#noteResult();
    this.#end = end;
    if (this.#hasResult) this.#flushSoon();
    else this.#handler?.onEnd(end);
  }

  // Behind the microtasks of the source: by then it has yielded all that it had ready. process.nextTick() costs more.
  #flushSoon(): void {
    this.#microtasksLeft = quietMicrotasks;
    if (this.#isFlushDue) return;
    this.#isFlushDue = true;
    settled.then(this.#onMicrotask);
  }

  readonly #onMicrotask = (): void => {
    // By a microtask of its own: this function is called often, and V8 would optimise all of #flush() with it too
    // early.
    settled.then(--this.#microtasksLeft > 0 ? this.#onMicrotask : this.#flush);
  };

  readonly #flush = (): void => {
    this.#isFlushDue = false;
    if (this.#isPaused) return;
    if (this.#batch !== '') {
      const chunk = encode(this.#batch);
      this.#batch = '';
      this.#handler?.onData(chunk);
    }
    // onData() may have paused or closed this pump.
    if (this.#isPaused) return;
    if (this.#end) this.#handler?.onEnd(this.#end);
    else if (this.#isFull()) this.#awaitTurn();
    else if (!this.#isPulling) this.#run(this.#continue);
  };

  #awaitTurn(): void {
    if (this.#isTurnDue) return;
    this.#isTurnDue = true;
    setImmediate(this.#onTurn);
  }

  readonly #onTurn = (): void => {
    this.#isTurnDue = false;
    this.#results = 0;
    this.#characters = 0;
    this.#flush();
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
    if (typeof iterator.throw !== 'function') return this.#handler?.onEnd(error);
    this.#isPulling = true;
    try {
      Promise.resolve(iterator.throw(error)).then(this.#onResult, this.#onFailure);
    } catch (cause) {
      this.#onFailure(cause);
    }
  }
}

function encode(text: string): Buffer {
  if (text.length * maxBytesPerCharacter > memory.length) return Buffer.from(text);
  return memory.subarray(0, memory.write(text));
}
