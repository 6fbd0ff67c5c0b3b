import session, { type SessionData } from 'express-session';
import { Problem } from './problem.ts';

/** Milliseconds after which a call of the store has failed. */
const timeoutMs = 2_000;

/** The session store failed: the same request may succeed later. */
export class SessionsUnavailable extends Problem {
  constructor() {
    super(503, 'The sessions can’t be read at the moment. Try again in a few seconds.');
  }
}

/**
 * Bounds the time of another store's calls: each ends within {@link timeoutMs}, with {@link SessionsUnavailable} if the
 * store has failed or timed out. Reports the first failure after a success.
 */
export class BoundedStore extends session.Store {
  readonly #store: session.Store;
  readonly #onFailure: () => void;
  #isFailing = false;

  /** @param onFailure called at every failure */
  constructor(store: session.Store, onFailure: () => void = () => {}) {
    super();
    this.#store = store;
    this.#onFailure = onFailure;
  }

  override get(id: string, done: (error: unknown, session?: SessionData | null) => void): void {
    this.#call<SessionData | null>((settle) => this.#store.get(id, settle), done);
  }

  override set(id: string, data: SessionData, done: (error?: unknown) => void = () => {}): void {
    this.#call((settle) => this.#store.set(id, data, settle), done);
  }

  override destroy(id: string, done: (error?: unknown) => void = () => {}): void {
    this.#call((settle) => this.#store.destroy(id, settle), done);
  }

  /**
   * Called when a response ends. A failure must not break off that complete response: the session then only expires a
   * little earlier.
   */
  override touch(id: string, data: SessionData, done: () => void = () => {}): void {
    this.#call(
      (settle) => this.#store.touch?.(id, data, settle),
      () => done(),
    );
  }

  #call<T>(
    start: (settle: (error?: unknown, result?: T) => void) => void,
    done: (error: unknown, result?: T) => void,
  ): void {
    let isSettled = false;
    const settle = (error?: unknown, result?: T) => {
      if (isSettled) return;
      isSettled = true;
      clearTimeout(timer);
      if (error) this.#fail(error);
      else this.#isFailing = false;
      if (error) done(new SessionsUnavailable());
      else done(null, result);
    };
    // After a stall of this process, a reply that has already arrived is read before the timeout counts.
    const onTimeout = () => setImmediate(() => settle(new Error(`no answer within ${timeoutMs} ms`)));
    const timer = setTimeout(onTimeout, timeoutMs);
    start(settle);
  }

  #fail(error: unknown): void {
    if (!this.#isFailing) {
      const { code, message } = error as NodeJS.ErrnoException;
      console.error(`bff: the session store fails (${code ?? message})`);
    }
    this.#isFailing = true;
    this.#onFailure();
  }
}
