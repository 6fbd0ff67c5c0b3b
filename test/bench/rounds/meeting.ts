/** Where those who are measured at the same time wait for each other. */
export class Meeting {
  /** How many there are to begin with. */
  readonly size: number;
  #expected: number;
  #waiting: (() => void)[] = [];

  constructor(size: number) {
    this.size = size;
    this.#expected = size;
  }

  /** Resolves once everybody who is still expected has come. */
  meet(): Promise<void> {
    const all = new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#goOn();
    return all;
  }

  /** Somebody is not coming any more: done, or given up. */
  leave(): void {
    this.#expected--;
    this.#goOn();
  }

  #goOn(): void {
    if (this.#waiting.length < this.#expected) return;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
