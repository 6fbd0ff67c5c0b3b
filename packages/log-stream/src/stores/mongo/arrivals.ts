import type { Hex } from './object-ids.ts';

/** Arrivals per chunk: memory is allocated and released by the chunk. */
const chunkSize = 256;
const idBytes = 12;

interface Chunk {
  readonly ids: Buffer;
  readonly times: Float64Array;
  readonly late: Uint8Array;
}

/**
 * The ObjectIds of a workflow's logs in the order in which this process has found them, numbered from 0. Streams
 * deliver them in this order, because documents become visible out of the order of their ObjectIds. Arrivals are kept
 * for much longer than the documents, at 21 bytes each, so that a slow subscriber continues exactly where it was.
 */
export class Arrivals {
  readonly #maxEntries: number;
  readonly #chunks: Chunk[] = [];
  #start = 0;
  #end = 0;

  constructor(maxEntries: number) {
    this.#maxEntries = maxEntries;
  }

  /** The number of the oldest arrival that is kept. */
  get start(): number {
    return this.#start;
  }

  /** The number that the next arrival gets. */
  get end(): number {
    return this.#end;
  }

  /**
   * @param time when it was found, in milliseconds since 1970; not before that of the last arrival
   * @param isLate found after the time in which documents are expected to become visible
   * @returns the ids of the arrivals that are dropped
   */
  add(id: Hex, time: number, isLate: boolean): Hex[] {
    const slot = this.#end % chunkSize;
    if (slot === 0) this.#chunks.push(newChunk());
    const chunk = this.#chunks.at(-1);
    if (chunk === undefined) throw new Error('arrivals: no chunk');
    chunk.ids.write(id, slot * idBytes, 'hex');
    chunk.times[slot] = time;
    chunk.late[slot] = isLate ? 1 : 0;
    this.#end++;
    return this.#end - this.#start > this.#maxEntries ? this.#drop() : [];
  }

  idOf(n: number): Hex {
    const at = (n % chunkSize) * idBytes;
    return this.#chunkOf(n).ids.toString('hex', at, at + idBytes);
  }

  timeOf(n: number): number {
    return this.#chunkOf(n).times[n % chunkSize] ?? 0;
  }

  isLate(n: number): boolean {
    return this.#chunkOf(n).late[n % chunkSize] === 1;
  }

  /** The number of the first arrival that was found at `time` or later. */
  firstSince(time: number): number {
    let low = this.#start;
    let high = this.#end;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.timeOf(middle) < time) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The number of a log, or undefined if it is not kept. */
  numberOf(id: Hex): number | undefined {
    const wanted = Buffer.from(id, 'hex');
    for (let index = this.#chunks.length - 1; index >= 0; index--) {
      const first = this.#start + index * chunkSize;
      const filled = Math.min(chunkSize, this.#end - first) * idBytes;
      const ids = this.#chunks[index]?.ids.subarray(0, filled);
      for (let at = ids?.indexOf(wanted) ?? -1; at !== -1; at = ids?.indexOf(wanted, at + 1) ?? -1) {
        if (at % idBytes === 0) return first + at / idBytes;
      }
    }
    return undefined;
  }

  #drop(): Hex[] {
    const ids = Array.from({ length: chunkSize }, (_, slot) => this.idOf(this.#start + slot));
    this.#chunks.shift();
    this.#start += chunkSize;
    return ids;
  }

  #chunkOf(n: number): Chunk {
    const chunk = this.#chunks[Math.floor((n - this.#start) / chunkSize)];
    if (chunk === undefined || n < this.#start || n >= this.#end) throw new RangeError(`arrivals: ${n} is not kept`);
    return chunk;
  }
}

function newChunk(): Chunk {
  return {
    ids: Buffer.alloc(chunkSize * idBytes),
    times: new Float64Array(chunkSize),
    late: new Uint8Array(chunkSize),
  };
}
