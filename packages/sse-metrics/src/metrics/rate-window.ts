const bucketMs = 1_000;

/** Computes the rate per second over the last seconds. Its memory is bounded: one counter for each second. */
export class RateWindow {
  readonly #counts: number[];
  readonly #seconds: number;
  #second = now();

  constructor(seconds: number) {
    this.#seconds = seconds;
    this.#counts = Array(seconds).fill(0);
  }

  add(): void {
    this.#advance();
    this.#counts[this.#second % this.#seconds] = (this.#counts[this.#second % this.#seconds] ?? 0) + 1;
  }

  perSecond(): number {
    this.#advance();
    return this.#counts.reduce((sum, count) => sum + count, 0) / this.#seconds;
  }

  #advance(): void {
    const second = now();
    for (let passed = 1; passed <= Math.min(second - this.#second, this.#seconds); passed++) {
      this.#counts[(this.#second + passed) % this.#seconds] = 0;
    }
    this.#second = second;
  }
}

function now(): number {
  return Math.floor(performance.now() / bucketMs);
}
