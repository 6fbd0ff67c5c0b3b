/*
 * Between two events the kernel evicts this code from the processor's caches. So the reads of one turn of the event
 * loop, of all sockets, are gathered and then processed together. The first read of a turn is processed at once, since
 * it usually is the only one. docs/where-the-time-goes.md has the measurements.
 */

/** A socket whose reads can be batched. */
export interface BatchConsumer {
  /** Processes one read, `memory[start…end)`, which is only valid during the call and may be changed by it. */
  take(memory: Buffer, start: number, end: number): void;
}

const memoryBytes = 262_144;
/** A larger batch saves nothing more and delays its first reads. */
const maxWaiting = 32;

/** The reads of one turn of the event loop, of all upstream sockets. */
export class ReadBatch {
  readonly #memory = Buffer.allocUnsafeSlow(memoryBytes);
  // The arrays never shrink: growing them again would cost for every batch. Read n is memory[offsets[n]…offsets[n +
  // 1]).
  readonly #members: (BatchConsumer | undefined)[] = [];
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

  /** Copies the first `length` bytes into the batch; `member.take` gets them when the batch is processed. */
  add(member: BatchConsumer, bytes: Buffer, length: number): void {
    if (this.#waiting === maxWaiting || this.#used + length > memoryBytes) this.#process();
    bytes.copy(this.#memory, this.#used, 0, length);
    this.#members[this.#waiting] = member;
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
    const member = this.#members[at] as BatchConsumer;
    this.#members[at] = undefined;
    member.take(this.#memory, this.#offsets[at] as number, this.#offsets[at + 1] as number);
  }
}
