/** Streams and feeds that are looked at in one turn of the event loop, when a beat comes. */
export const maxBeatsPerTurn = 512;

/** Something that is looked at on every beat: an outlet, a feed. */
export interface HeartbeatMember {
  beat(): void;
}

/**
 * One timer for everything that has to be looked at now and then, however many there are. Thousands are looked at over
 * several turns of the event loop: a heartbeat to all of them would hold up everything else.
 *
 * Ages are counted in beats, not read from a clock: an event loop that stalled for seconds, or a machine that slept,
 * has missed beats and so makes nobody look old.
 */
export class Heartbeat {
  /** Time between two beats, in milliseconds. */
  readonly periodMs: number;
  readonly #members = new Set<HeartbeatMember>();
  /** Those who are still to be looked at in this beat. */
  #round: Iterator<HeartbeatMember> | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(periodMs: number) {
    this.periodMs = periodMs;
  }

  /** Looks at `member` on every beat from now on. */
  add(member: HeartbeatMember): void {
    this.#members.add(member);
    this.#timer ??= setInterval(() => this.#beat(), this.periodMs).unref();
  }

  /** Looks at `member` no more, if it did. */
  remove(member: HeartbeatMember): void {
    this.#members.delete(member);
    if (this.#members.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #beat(): void {
    // As with an event loop that stalled: a beat that comes before the last one is through is missed.
    if (this.#round) return;
    this.#round = this.#members.values();
    this.#goOn();
  }

  #goOn = (): void => {
    for (let i = 0; i < maxBeatsPerTurn; i++) {
      const member = this.#round?.next().value;
      if (!member) {
        this.#round = undefined;
        return;
      }
      member.beat();
    }
    setImmediate(this.#goOn);
  };
}
