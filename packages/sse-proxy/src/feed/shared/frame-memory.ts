const minBlockBytes = 4_096;
const maxBlockBytes = 65_536;

/**
 * Copies frames into blocks that hold nothing else, so that a stored frame never retains the buffer in which it
 * arrived. A block is released when its last frame is: beyond the frames themselves, at most one partly released and
 * one partly filled block stay in memory, each at most an eighth of `maxBytes` or {@link minBlockBytes}.
 */
export class FrameMemory {
  readonly #maxBlockBytes: number;
  #block: Buffer = Buffer.alloc(0);
  #used = 0;
  #nextBlockBytes = minBlockBytes;

  constructor(maxBytes: number) {
    this.#maxBlockBytes = Math.min(maxBlockBytes, Math.max(minBlockBytes, maxBytes >> 3));
  }

  /** The block of the frame that was stored last. */
  get block(): Buffer {
    return this.#block;
  }

  /** Where in {@link block} the next frame of `length` bytes will be; -1 if it will be in another block. */
  nextOffset(length: number): number {
    return this.#used + length > this.#block.length ? -1 : this.#used;
  }

  /**
   * Copies `buffer.subarray(start, end)` and returns its offset in {@link block}. Frames that are stored one after
   * another are adjacent within a block, and never change.
   */
  store(buffer: Buffer, start: number, end: number): number {
    const length = end - start;
    if (this.#used + length > this.#block.length) this.#addBlock(length);
    const at = this.#used;
    buffer.copy(this.#block, at, start, end);
    this.#used = at + length;
    return at;
  }

  // Blocks grow with the feed, so that ten thousand quiet feeds do not hold a large block each.
  #addBlock(atLeast: number): void {
    this.#block = Buffer.allocUnsafeSlow(Math.max(atLeast, this.#nextBlockBytes));
    this.#used = 0;
    this.#nextBlockBytes = Math.min(this.#nextBlockBytes * 2, this.#maxBlockBytes);
  }
}
