/**
 * Lets so many begin in one turn of the event loop; the others wait for a later one, first come, first served. When
 * thousands come back at once, everything else still gets its turn in between.
 */
export class TurnLimiter {
  readonly #mostPerTurn: number;
  readonly #waiting: (() => void)[] = [];
  #turn = 0;
  #begun = 0;

  constructor(mostPerTurn: number) {
    this.#mostPerTurn = mostPerTurn;
  }

  /** Number of the turn; counted only while somebody begins. */
  get turn(): number {
    return this.#turn;
  }

  /** Undefined: it may begin now. Otherwise resolves in the turn in which it may. */
  begin(): Promise<void> | undefined {
    if (this.#begun === this.#mostPerTurn) return new Promise((resolve) => this.#waiting.push(resolve));
    if (this.#begun++ === 0) setImmediate(this.#nextTurn);
    return undefined;
  }

  #nextTurn = (): void => {
    this.#turn++;
    const next = this.#waiting.splice(0, this.#mostPerTurn);
    this.#begun = next.length;
    if (next.length > 0) setImmediate(this.#nextTurn);
    for (const resolve of next) resolve();
  };
}
