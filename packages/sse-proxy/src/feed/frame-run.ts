const nothing = Buffer.alloc(0);

/**
 * Joins frames that are adjacent in one chunk: all events of a chunk reach a browser in one write, without a copy.
 */
export class FrameRun {
  /** The joined frames are `buffer.subarray(start, end)`. */
  buffer: Buffer = nothing;
  start = 0;
  end = 0;
  /** Number of events among the frames. */
  events = 0;

  get isEmpty(): boolean {
    return this.end === 0;
  }

  /** True if a frame at `start` of `buffer` is adjacent to the joined ones, or if there are none. */
  continues(buffer: Buffer, start: number): boolean {
    return this.end === 0 || (this.buffer === buffer && this.end === start);
  }

  add(buffer: Buffer, start: number, end: number, events: number): void {
    if (this.end === 0) {
      this.buffer = buffer;
      this.start = start;
    }
    this.end = end;
    this.events += events;
  }

  clear(): void {
    this.buffer = nothing;
    this.end = 0;
    this.events = 0;
  }
}
