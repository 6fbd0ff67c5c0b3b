import { runInRootContext } from './async-context.ts';

/** Most listeners that are called in one turn of the event loop. */
export const maxCallsPerTurn = 512;

/** Is called on every tick of a {@link Ticker}: a response writer, a feed. */
export interface TickListener {
  onTick(): void;
}

/**
 * One timer for everything that must be checked periodically. Thousands of listeners are called over several turns of
 * the event loop, so that other work is not blocked.
 *
 * Listeners count ticks instead of reading a clock: an event loop that stalled, or a machine that slept, has skipped
 * ticks, so the stall does not let timeouts expire [R44].
 */
export class Ticker {
  /** Time between two ticks, in milliseconds. */
  readonly periodMs: number;
  readonly #listeners = new Set<TickListener>();
  /** The listeners that are still to be called for the current tick; undefined once all have been. */
  #round: Iterator<TickListener> | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(periodMs: number) {
    this.periodMs = periodMs;
  }

  /** Calls `listener.onTick()` on every tick from now on. */
  add(listener: TickListener): void {
    this.#listeners.add(listener);
    // The timer outlives the request that adds the first listener, whose context it would retain.
    this.#timer ??= runInRootContext(() => setInterval(() => this.#tick(), this.periodMs).unref());
  }

  /** Stops calling `listener`. */
  remove(listener: TickListener): void {
    this.#listeners.delete(listener);
    if (this.#listeners.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #tick(): void {
    // A tick that is due before the previous one has reached all listeners is skipped.
    if (this.#round) return;
    this.#round = this.#listeners.values();
    this.#continue();
  }

  #continue = (): void => {
    for (let i = 0; i < maxCallsPerTurn; i++) {
      const listener = this.#round?.next().value;
      if (!listener) {
        this.#round = undefined;
        return;
      }
      listener.onTick();
    }
    setImmediate(this.#continue);
  };
}
