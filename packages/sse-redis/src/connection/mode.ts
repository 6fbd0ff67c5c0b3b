import type { SseRedisError } from '../errors.ts';
import type { ModeChange, RedisMode } from '../types.ts';

/** A warning is emitted once within this time. */
const quietMs = 60_000;

/** The mode of one limiter or feed store. Reports changes to `onModeChange`, or by default as warnings. */
export class Mode {
  readonly #consequence: string;
  readonly #onChange: ((change: ModeChange) => void) | undefined;
  #current: RedisMode = 'starting';
  #warnedAt = Number.NEGATIVE_INFINITY;

  /** @param consequence what `local` means, as the end of a warning: "limits hold in each process alone" */
  constructor(consequence: string, onChange: ((change: ModeChange) => void) | undefined) {
    this.#consequence = consequence;
    this.#onChange = onChange;
  }

  get current(): RedisMode {
    return this.#current;
  }

  /** Redis is used from now on. */
  shared(): void {
    this.#change('shared', undefined);
  }

  /** Redis can't be used from now on. No effect in mode `local`. */
  local(error: SseRedisError): void {
    this.#change('local', error);
  }

  #change(mode: ModeChange['mode'], error: SseRedisError | undefined): void {
    if (mode === this.#current) return;
    this.#current = mode;
    try {
      // An async listener returns a promise, although the type returns nothing.
      if (this.#onChange) Promise.resolve(this.#onChange({ mode, error }) as unknown).catch(() => {});
      else if (error) this.#warn(error);
    } catch {
      // Neither a listener of the application nor a replaced emitWarning may end a stream.
    }
  }

  #warn(error: SseRedisError): void {
    const now = performance.now();
    if (now - this.#warnedAt < quietMs) return;
    this.#warnedAt = now;
    const message = `sse-redis: ${error.message}; until Redis can be used, ${this.#consequence}`;
    process.emitWarning(message, { type: 'SseRedisWarning', code: error.code });
  }
}
