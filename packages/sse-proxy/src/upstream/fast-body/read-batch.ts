/*
 * Between two events the kernel evicts this code from the processor's caches. So the reads of one turn of the event
 * loop, of all sockets, are gathered and then processed together. The first read of a turn is processed at once, since
 * it usually is the only one. docs/where-the-time-goes.md has the measurements.
 */

/** A socket whose reads can be batched. */
export interface ReadConsumer {
  /** Processes one read, `memory[start…end)`, which is only valid during the call and may be changed by it. */
  onRead(memory: Buffer, start: number, end: number): void;
}

const memoryBytes = 262_144;
/** A larger batch saves nothing more and delays its first reads. */
const maxWaiting = 32;

/** The reads of one turn of the event loop, of all upstream sockets. */
export class ReadBatch {
  readonly #memory = Buffer.allocUnsafeSlow(memoryBytes);
  // The arrays never shrink, so that they need not grow again in every batch.
  readonly #consumers: (ReadConsumer | undefined)[] = [];
  /** The read of consumer n is `memory[offsets[n]…offsets[n + 1])`. */
  readonly #offsets = [0];
  #waiting = 0;
  #next = 0;
  #isDue = false;

  /** True for the first read of a turn. */
  isFirstOfTurn(): boolean {
    if (this.#isDue) return false;
    this.#isDue = true;
    setImmediate(this.#due);
    return true;
  }

  /** Copies the first `length` bytes into the batch; `consumer.onRead` receives them when the batch is processed. */
  add(consumer: ReadConsumer, bytes: Buffer, length: number): void {
    if (this.#waiting === maxWaiting || this.#used + length > memoryBytes) this.#process();
    bytes.copy(this.#memory, this.#used, 0, length);
    this.#consumers[this.#waiting] = consumer;
    this.#offsets[this.#waiting + 1] = this.#used + length;
    this.#waiting++;
    this.isFirstOfTurn();
  }

  get #used(): number {
    return this.#offsets[this.#waiting] as number;
  }

  #due = (): void => {
    this.#isDue = false;
    this.#process();
  };

  #process(): void {
    try {
      while (this.#next < this.#waiting) this.#processNext();
    } finally {
      // If a consumer throws, the reads of the others are still processed.
      if (this.#next < this.#waiting) this.#process();
    }
    this.#waiting = 0;
    this.#next = 0;
  }

  #processNext(): void {
    const at = this.#next++;
    const consumer = this.#consumers[at] as ReadConsumer;
    this.#consumers[at] = undefined;
    consumer.onRead(this.#memory, this.#offsets[at] as number, this.#offsets[at + 1] as number);
  }
}
