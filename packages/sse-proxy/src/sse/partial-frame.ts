import { COLON } from './fields.ts';

const retryName = Buffer.from('retry');
const minBytes = 256;

/** The beginning of a frame that spans chunks. */
export class PartialFrame {
  /** Number of bytes. */
  length = 0;
  #memory: Buffer = Buffer.alloc(0);
  readonly #maxBytes: number;

  /** The frame must never exceed `maxBytes`. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get bytes(): Buffer {
    return this.#memory.subarray(0, this.length);
  }

  // Grows by doubling: an upstream that sends single bytes costs one copy per byte, not one buffer per byte.
  append(input: Buffer, start: number, end: number): void {
    const needed = this.length + end - start;
    if (needed > this.#memory.length) {
      const doubled = Math.min(this.#memory.length * 2, this.#maxBytes);
      const grown = Buffer.allocUnsafeSlow(Math.max(needed, doubled, minBytes));
      this.#memory.copy(grown, 0, 0, this.length);
      this.#memory = grown;
    }
    input.copy(this.#memory, this.length, start, end);
    this.length = needed;
  }

  /** True if these bytes, continued by the first `end` bytes of `input`, are one `retry:` line. */
  isRetryLine(input: Buffer, end: number): boolean {
    const length = this.length + end;
    if (length < retryName.length) return false;
    for (let at = 0; at < retryName.length; at++) if (this.#byteAt(at, input) !== retryName[at]) return false;
    return length === retryName.length || this.#byteAt(retryName.length, input) === COLON;
  }

  #byteAt(offset: number, rest: Buffer): number | undefined {
    return offset < this.length ? this.#memory[offset] : rest[offset - this.length];
  }
}
