import { setImmediate as nextTurn } from 'node:timers/promises';

/** Spreads slices of work over the turns of the event loop: one slice a turn, however many queries run. */
export class Turns {
  #last: Promise<void> = Promise.resolve();

  /** Resolves in a turn of its own, in the order of the calls. */
  next(): Promise<void> {
    this.#last = this.#last.then(() => nextTurn());
    return this.#last;
  }
}
