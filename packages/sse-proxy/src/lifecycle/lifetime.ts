import type { CloseReason } from '../types.ts';

/** Why a stream ended: the reason of its close, or `refused` if it never opened. */
export type EndReason = CloseReason | 'refused';

/** What {@link Lifetime.race} rejects with: the stream ended while something was still awaited. */
export class StreamEnded extends Error {
  override readonly name = 'StreamEnded';
}

/** Is notified of the end of a {@link Lifetime}. */
export interface LifetimeOwner {
  /** Called once when the lifetime ends, before the disposers run. */
  onLifetimeEnd(reason: EndReason): void;
}

/**
 * The lifetime of one stream, shared by all its stages: one AbortController [R42], disposers that run once, and the
 * reason of the end. The first reason wins.
 */
export class Lifetime {
  readonly #owner: LifetimeOwner | undefined;
  #controller: AbortController | undefined;
  /** Created on first use: most streams have no disposers most of the time. */
  #disposers: Set<(reason: EndReason) => void> | undefined;
  #reason: EndReason | undefined;

  constructor(owner?: LifetimeOwner) {
    this.#owner = owner;
  }

  /** Aborted at the end. Created on first use: an AbortController costs more than the rest of this object. */
  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.ended) this.#controller.abort();
    return this.#controller.signal;
  }

  get ended(): boolean {
    return this.#reason !== undefined;
  }

  /** Why it ended; undefined before. */
  get reason(): EndReason | undefined {
    return this.#reason;
  }

  /** Runs `dispose` when the stream ends, at once if it already has. Returns a function that removes it. */
  addDisposer(dispose: (reason: EndReason) => void): () => void {
    if (this.ended) {
      dispose(this.#reason as EndReason);
      return () => {};
    }
    this.#disposers ??= new Set();
    this.#disposers.add(dispose);
    return () => this.#remove(dispose);
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

  #remove(dispose: (reason: EndReason) => void): void {
    this.#disposers?.delete(dispose);
    if (this.#disposers?.size === 0) this.#disposers = undefined;
  }

  /**
   * Settles as `work` does, or rejects with {@link StreamEnded} as soon as the stream ends. Leaves no listener behind.
   */
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
