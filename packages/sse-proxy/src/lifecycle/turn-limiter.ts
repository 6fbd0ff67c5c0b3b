/**
 * Bounds how many streams begin in one turn of the event loop; the others begin in later turns, in order of arrival.
 * Other work is not blocked when thousands of browsers reconnect at once.
 */
export class TurnLimiter {
  readonly #maxPerTurn: number;
  readonly #waiting: (() => void)[] = [];
  #turn = 0;
  #begun = 0;

  constructor(maxPerTurn: number) {
    this.#maxPerTurn = maxPerTurn;
  }

  /** Event-loop turn counter; advances only while streams begin. */
  get turn(): number {
    return this.#turn;
  }

  /** Returns undefined if the caller may begin now, otherwise a promise that resolves in the turn in which it may. */
  begin(): Promise<void> | undefined {
    if (this.#begun === this.#maxPerTurn) return new Promise((resolve) => this.#waiting.push(resolve));
    if (this.#begun++ === 0) setImmediate(this.#nextTurn);
    return undefined;
  }

  #nextTurn = (): void => {
    this.#turn++;
    const next = this.#waiting.splice(0, this.#maxPerTurn);
    this.#begun = next.length;
    if (next.length > 0) setImmediate(this.#nextTurn);
    for (const resolve of next) resolve();
  };
}
