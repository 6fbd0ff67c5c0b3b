import type { CloseReason } from '../types.ts';

/** Why a stream is over: it was closed, or never opened. */
export type EndReason = CloseReason | 'refused';

/** What {@link Lifetime.race} rejects with: the stream ended while something was still awaited. */
export class StreamEnded extends Error {
  override readonly name = 'StreamEnded';
}

/** Whose life it is. */
export interface LifetimeOwner {
  /** It is over. Called once, before those who asked to be told. */
  onLifetimeEnd(reason: EndReason): void;
}

/**
 * The life of one stream, held by every stage of it: one AbortController, disposers that run once, and the first
 * reason, which wins.
 */
export class Lifetime {
  readonly #owner: LifetimeOwner | undefined;
  #controller: AbortController | undefined;
  /** Undefined while there are none: most of the time of most streams. */
  #disposers: Set<(reason: EndReason) => void> | undefined;
  #reason: EndReason | undefined;

  constructor(owner?: LifetimeOwner) {
    this.#owner = owner;
  }

  /** Made when it is first asked for: few ask, and each costs more than the rest of this. */
  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.ended) this.#controller.abort();
    return this.#controller.signal;
  }

  get ended(): boolean {
    return this.#reason !== undefined;
  }

  /** Why it ended; undefined while it lives. */
  get reason(): EndReason | undefined {
    return this.#reason;
  }

  /** Runs `dispose` when the stream ends, at once if it has; returns how to take it back. */
  addDisposer(dispose: (reason: EndReason) => void): () => void {
    if (this.ended) {
      dispose(this.#reason as EndReason);
      return () => {};
    }
    this.#disposers ??= new Set();
    this.#disposers.add(dispose);
    return () => this.#forget(dispose);
  }

  /** Ends the stream; only the first call counts. */
  end(reason: EndReason): void {
    if (this.ended) return;
    this.#reason = reason;
    this.#controller?.abort();
    const disposers = this.#disposers ?? [];
    this.#disposers = undefined;
    this.#owner?.onLifetimeEnd(reason);
    for (const dispose of disposers) dispose(reason);
  }

  #forget(dispose: (reason: EndReason) => void): void {
    this.#disposers?.delete(dispose);
    if (this.#disposers?.size === 0) this.#disposers = undefined;
  }

  /** `work`, or a rejection with {@link StreamEnded} as soon as the stream ends. Leaves no listener behind. */
  race<T>(work: PromiseLike<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const undo = this.addDisposer(() => reject(new StreamEnded()));
      work.then(
        (value) => {
          undo();
          resolve(value);
        },
        (error) => {
          undo();
          reject(error);
        },
      );
    });
  }
}
