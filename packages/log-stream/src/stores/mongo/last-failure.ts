/** Remembers the failure of the store, so that all calls reject with the same object while the same failure lasts. */
export class LastFailure {
  #error: Error | undefined;

  get error(): Error | undefined {
    return this.#error;
  }

  /** Returns the error to throw. */
  remember(thrown: unknown): Error {
    const error = thrown instanceof Error ? thrown : new Error('MongoDB failed', { cause: thrown });
    if (this.#error?.message !== error.message) this.#error = error;
    return this.#error ?? error;
  }

  clear(): void {
    this.#error = undefined;
  }
}
