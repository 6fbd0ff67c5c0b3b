/** Members that are visited in one turn of the event loop. */
const maxVisitsPerTurn = 512;

/**
 * Visits all members of a set once per period. Thousands of members are visited over several turns of the event loop,
 * so that other work is not delayed.
 */
export class MemberRounds<T> {
  readonly #members: ReadonlySet<T>;
  readonly #periodMs: number;
  readonly #visit: (member: T) => void;
  #timer: NodeJS.Timeout | undefined;
  /** The members that are still to be visited in the current round. */
  #round: Iterator<T> | undefined;

  constructor(members: ReadonlySet<T>, periodMs: number, visit: (member: T) => void) {
    this.#members = members;
    this.#periodMs = periodMs;
    this.#visit = visit;
  }

  /** Call it whenever the set has members. */
  start(): void {
    this.#timer ??= setInterval(() => this.#begin(), this.#periodMs).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #begin(): void {
    // A round that is due before the previous one has ended is skipped.
    if (this.#round) return;
    this.#round = this.#members.values();
    this.#continue();
  }

  #continue(): void {
    for (let visits = 0; visits < maxVisitsPerTurn; visits++) {
      const next = this.#round?.next();
      if (next === undefined || next.done) {
        this.#round = undefined;
        return;
      }
      this.#visit(next.value);
    }
    setImmediate(() => this.#continue());
  }
}
