/** Time that passes only when the test advances it. */
export class Clock {
  time = Date.parse('2026-01-02T03:04:05.000Z');
  #timers = new Map<number, { at: number; callback: () => void }>();
  #nextId = 1;

  now = () => this.time;

  setTimeout = (callback: () => void, ms: number): number => {
    const id = this.#nextId++;
    this.#timers.set(id, { at: this.time + ms, callback });
    return id;
  };

  clearTimeout = (id: unknown): void => {
    this.#timers.delete(id as number);
  };

  get pending(): number {
    return this.#timers.size;
  }

  /** Runs every timer that falls due, in order, each at its own time. */
  advance(ms: number): void {
    const end = this.time + ms;
    for (;;) {
      const due = [...this.#timers].filter(([, { at }]) => at <= end).toSorted(([, a], [, b]) => a.at - b.at)[0];
      if (!due) break;
      const [id, { at, callback }] = due;
      this.#timers.delete(id);
      this.time = Math.max(this.time, at);
      callback();
    }
    this.time = end;
  }

  /** Advances the wall clock but not the timers, as during the sleep of a laptop. */
  sleep(ms: number): void {
    this.time += ms;
    for (const timer of this.#timers.values()) timer.at += ms;
  }
}
