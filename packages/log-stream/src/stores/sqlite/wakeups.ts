/** Notifies subscribers of possible new logs: at once for writes of this store, by polling for those of other processes. */
export class Wakeups {
  readonly #listeners = new Set<{ readonly call: () => void }>();
  readonly #pollMs: number;
  readonly #version: () => number;
  #timer: NodeJS.Timeout | undefined;
  #seenVersion = 0;

  /**
   * @param pollMs milliseconds between two polls
   * @param version returns a number that changes after a write of another connection: SQLite's `data_version`
   */
  constructor(pollMs: number, version: () => number) {
    this.#pollMs = pollMs;
    this.#version = version;
  }

  subscribe(listener: () => void): () => void {
    // Wrapped, so that a function that is subscribed twice has two subscriptions, each with its own release.
    const entry = { call: listener };
    if (this.#listeners.size === 0) {
      // Read before the caller reads logs: a later write changes the version.
      this.#seenVersion = this.#version();
      this.#timer = setInterval(() => this.#poll(), this.#pollMs).unref();
    }
    this.#listeners.add(entry);
    return () => {
      this.#listeners.delete(entry);
      if (this.#listeners.size === 0) clearInterval(this.#timer);
    };
  }

  notify(): void {
    for (const { call } of [...this.#listeners]) call();
  }

  close(): void {
    clearInterval(this.#timer);
    this.#listeners.clear();
  }

  #poll(): void {
    let version = Number.NaN;
    try {
      version = this.#version();
    } catch {
      // The subscribers read next, and report the same error.
    }
    if (version === this.#seenVersion) return;
    this.#seenVersion = version;
    this.notify();
  }
}
