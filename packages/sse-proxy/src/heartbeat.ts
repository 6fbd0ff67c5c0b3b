/** Something that is looked at on every beat: an outlet, a feed. */
export interface Beating {
  beat(): void;
}

/**
 * One timer for everything that has to be looked at now and then, however many there are.
 *
 * Ages are counted in beats, not read from a clock: an event loop that stalled for seconds, or a machine that slept,
 * has missed beats and so makes nobody look old.
 */
export class Heartbeat {
  /** Time between two beats, in milliseconds. */
  readonly periodMs: number;
  readonly #members = new Set<Beating>();
  #timer: NodeJS.Timeout | undefined;

  constructor(periodMs: number) {
    this.periodMs = periodMs;
  }

  /** Looks at `member` on every beat from now on; returns how to stop that. */
  add(member: Beating): () => void {
    this.#members.add(member);
    this.#timer ??= setInterval(() => this.#beat(), this.periodMs).unref();
    return () => {
      this.#members.delete(member);
      if (this.#members.size > 0) return;
      clearInterval(this.#timer);
      this.#timer = undefined;
    };
  }

  #beat(): void {
    for (const member of this.#members) member.beat();
  }
}
