/** Milliseconds between two attempts of a call that failed. */
const retryMs = 250;

/**
 * Remembers the failure of the store. A corrupt page fails every reader that reaches it, again at each reconnect. All
 * of them get the same Error object, so that it can be reported once.
 */
export class Failures {
  #current: { readonly error: Error; readonly retry: () => unknown; triedAt: number } | undefined;

  /**
   * @param retry repeats the call that failed
   * @returns the error to throw
   */
  remember(thrown: unknown, retry: () => unknown): Error {
    const error = thrown instanceof Error ? thrown : new Error('The log store failed', { cause: thrown });
    if (this.#current?.error.message === error.message) return this.#current.error;
    this.#current = { error, retry, triedAt: performance.now() };
    return error;
  }

  /** Tries the failed call again, at most four times a second. Throws its error unless it succeeds. */
  check(): void {
    const current = this.#current;
    if (current === undefined) return;
    if (performance.now() - current.triedAt < retryMs) throw current.error;
    current.triedAt = performance.now();
    try {
      current.retry();
    } catch {
      throw current.error;
    }
    this.#current = undefined;
  }
}
