import type { SseProxyError } from '../errors.ts';
import type { RunInContext } from '../lifecycle/async-context.ts';
import { closeIterator } from './iterator.ts';
import { asSourceError, encodeEvent } from './source-event.ts';

/** Most events, and approximately the most characters, that are pulled from a source in one turn of the event loop. */
const maxEventsPerTurn = 256;
const maxCharactersPerTurn = 65_536;

// All pumps encode their batches here, one after another: a buffer for each would be garbage outside of the heap.
const memory = Buffer.allocUnsafeSlow(maxCharactersPerTurn);
const maxBytesPerCharacter = 3;

/**
 * A source that yields nothing for this many microtasks has no more events ready. An async generator needs two per
 * event.
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
 * Pulls events from the iterator of a source and encodes them. All events that the source has ready are passed on as
 * one chunk. At most one `next()` is pending, and none is called during a pause.
 */
export class EventPump {
  /** The source's own code runs in this asynchronous context. */
  readonly #run: RunInContext;
  /** Undefined after the end, so that a source that never settles keeps no stream in memory. */
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
  // What has been pulled in this turn of the event loop.
  #results = 0;
  #characters = 0;
  /** To be thrown into the source once the preceding events have been passed on. */
  #wrongEvent: SseProxyError | undefined;
  /** To be reported once the preceding events have been passed on. */
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
    // In a microtask: the source is the user's code, which must not run inside a call from the feed.
    this.#flushSoon();
  }

  /** Drops what is buffered, and closes the iterator unless the source has ended by itself. */
  close(): void {
    const iterator = this.#iterator;
    this.#handler = undefined;
    this.#iterator = undefined;
    this.#wrongEvent = undefined;
    this.#end = undefined;
    this.#batch = '';
    if (iterator) this.#run(() => closeIterator(iterator));
  }

  // Not getters, here and below: V8's lower tiers call the runtime to read a private getter.
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
      // The iterator has not ended, so close() closes it.
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

  // Runs after the microtasks of the source, when it has yielded everything that it had ready. process.nextTick() is
  // slower.
  #flushSoon(): void {
    this.#microtasksLeft = quietMicrotasks;
    if (this.#isFlushDue) return;
    this.#isFlushDue = true;
    settled.then(this.#onMicrotask);
  }

  readonly #onMicrotask = (): void => {
    // #flush() runs in a microtask of its own: called from here, where calls are frequent, V8 would optimise it too
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
