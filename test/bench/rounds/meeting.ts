/** A barrier for servers that are measured at the same time. */
export class Meeting {
  /** @param expected number of participants at the start */
  readonly size: number;
  #expected: number;
  #waiting: (() => void)[] = [];

  constructor(size: number) {
    this.size = size;
    this.#expected = size;
  }

  /** Resolves when all remaining participants have arrived. */
  meet(): Promise<void> {
    const all = new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#goOn();
    return all;
  }

  /** Removes a participant that is done or has failed. */
  leave(): void {
    this.#expected--;
    this.#goOn();
  }

  #goOn(): void {
    if (this.#waiting.length < this.#expected) return;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
