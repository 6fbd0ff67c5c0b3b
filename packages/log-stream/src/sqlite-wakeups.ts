/** Who wants to know that there may be something new: told at once of our own writes, by polling of foreign ones. */
export class Wakeups {
  readonly #listeners = new Set<{ readonly call: () => void }>();
  readonly #pollMs: number;
  readonly #version: () => number;
  #timer: NodeJS.Timeout | undefined;
  #seen = 0;

  /** @param version a number that changes when another connection has written: SQLite's `data_version`, which costs a look into shared memory */
  constructor(pollMs: number, version: () => number) {
    this.#pollMs = pollMs;
    this.#version = version;
  }

  subscribe(listener: () => void): () => void {
    // Wrapped, so that a function subscribed twice is two subscriptions and each release ends its own.
    const entry = { call: listener };
    if (this.#listeners.size === 0) {
      // Before the caller reads: what is written after this look changes the number.
      this.#seen = this.#version();
      this.#timer = setInterval(() => this.#poll(), this.#pollMs).unref();
    }
    this.#listeners.add(entry);
    return () => {
      this.#listeners.delete(entry);
      if (this.#listeners.size === 0) clearInterval(this.#timer);
    };
  }

  wake(): void {
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
      // Whoever is woken reads, and meets the error where it can be reported.
    }
    if (version === this.#seen) return;
    this.#seen = version;
    this.wake();
  }
}
