import { runInRootContext } from './async-context.ts';

/** Members that are called in one turn of the event loop. */
export const maxBeatsPerTurn = 512;

/** Called on every beat: a response writer, a feed. */
export interface HeartbeatMember {
  beat(): void;
}

/**
 * One timer for everything that needs periodic checks. Thousands of members are called over several turns of the event
 * loop, so that other work is not blocked.
 *
 * Members count time in beats instead of reading a clock: an event loop that stalled, or a machine that slept, has
 * missed beats, and does not let timeouts expire [R44].
 */
export class Heartbeat {
  /** Time between two beats, in milliseconds. */
  readonly periodMs: number;
  readonly #members = new Set<HeartbeatMember>();
  /** The members that are still to be called in the current beat. */
  #round: Iterator<HeartbeatMember> | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(periodMs: number) {
    this.periodMs = periodMs;
  }

  /** Calls `member.beat()` on every beat from now on. */
  add(member: HeartbeatMember): void {
    this.#members.add(member);
    // The timer outlives the request that adds the first member, whose context it would retain.
    this.#timer ??= runInRootContext(() => setInterval(() => this.#beat(), this.periodMs).unref());
  }

  /** Stops calling `member`. */
  remove(member: HeartbeatMember): void {
    this.#members.delete(member);
    if (this.#members.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #beat(): void {
    // A beat that is due before the previous one has reached all members is skipped.
    if (this.#round) return;
    this.#round = this.#members.values();
    this.#continue();
  }

  #continue = (): void => {
    for (let i = 0; i < maxBeatsPerTurn; i++) {
      const member = this.#round?.next().value;
      if (!member) {
        this.#round = undefined;
        return;
      }
      member.beat();
    }
    setImmediate(this.#continue);
  };
}
