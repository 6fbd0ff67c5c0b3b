import type { ReplayBounds } from '../../config/replay-bounds.ts';
import { FrameMemory } from './frame-memory.ts';

/** Up to this many frames, only `maxEvents`, `maxBytes` and `maxAgeMs` limit the ring. */
const minFrames = 10_000;
/** Approximate memory of an entry with its id. Beyond `minFrames`, at most `maxBytes / entryBytes` frames are held. */
const entryBytes = 128;

/** A frame that is held. */
export interface Entry {
  readonly block: Buffer;
  readonly start: number;
  readonly length: number;
  /** How many of the first bytes are the id of our own. */
  readonly ownBytes: number;
  readonly isEvent: boolean;
  readonly id: string | undefined;
  /** The upstream's id, where `id` is one of our own. */
  readonly upstreamId: string | undefined;
  /** The digest of the frame as the upstream sent it, if its bytes are those of a transform. */
  readonly digest: string | undefined;
  /** When it was appended, on a monotonic clock, in milliseconds. */
  readonly at: number;
  /** Bytes of all frames before this one, forgotten ones included. */
  readonly offset: number;
}

/** A frame of the ring: `buffer.subarray(start, end)`. */
export interface StoredFrame {
  readonly buffer: Buffer;
  readonly start: number;
  readonly end: number;
  readonly id: string | undefined;
  /** See {@link Entry}. */
  readonly digest: string | undefined;
}

/** Frames that {@link FrameQueue.read} returns. */
export interface ReplaySlice {
  readonly bytes: Buffer;
  readonly events: number;
  /** The position after the last of them. */
  readonly next: number;
}

/**
 * The recent frames of one feed, by position. A position is the number of frames before it, so it keeps its meaning
 * while old frames are forgotten. Frames are copied: the queue holds no memory but its own.
 */
export abstract class FrameQueue {
  /**
   * While true, `push()` exceeds maxEvents and maxBytes instead of evicting. Set for the rest of an event loop turn in
   * which a reader fell behind, because no reader can drain before that turn ends.
   */
  suspendsEviction = false;
  readonly #bounds: ReplayBounds;
  readonly #maxFrames: number;
  readonly #memory: FrameMemory;
  // Frames from #start to #end, in a queue whose head moves; the dead head is removed from time to time.
  #entries: (Entry | undefined)[] = [];
  #head = 0;
  #start = 0;
  #bytes = 0;
  #written = 0;
  // Cached: browsers that reconnect together mostly read the same slice.
  #last:
    | { readonly position: number; readonly end: number; readonly alone: boolean; readonly slice: ReplaySlice }
    | undefined;

  constructor(bounds: ReplayBounds) {
    this.#bounds = bounds;
    this.#maxFrames = Math.min(bounds.maxEvents, Math.max(minFrames, Math.ceil(bounds.maxBytes / entryBytes)));
    this.#memory = new FrameMemory(bounds.maxBytes);
  }

  /** Called before the oldest frame, at `position`, is forgotten. */
  protected abstract onForget(id: string | undefined, position: number): void;

  /** Position of the oldest frame. */
  get start(): number {
    return this.#start;
  }

  /** Position after the newest frame. */
  get end(): number {
    return this.#start + this.#entries.length - this.#head;
  }

  /** Bytes of the frames held. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The memory of the frame that was appended last, which never changes, even if the frame is forgotten already. */
  get block(): Buffer {
    return this.#memory.block;
  }

  /** Where in {@link block} the next frame of `length` bytes will be; -1 if it will be in another block. */
  nextOffset(length: number): number {
    return this.#memory.nextOffset(length);
  }

  /**
   * Appends a copy of `buffer.subarray(start, end)`, and forgets nothing yet. The other parameters: see {@link Entry}.
   */
  protected append(
    buffer: Buffer,
    start: number,
    end: number,
    isEvent: boolean,
    id: string | undefined,
    upstreamId: string | undefined,
    ownBytes: number,
    digest: string | undefined,
    at: number,
  ): void {
    const length = end - start;
    const stored = this.#memory.store(buffer, start, end);
    const { block } = this.#memory;
    const offset = this.#written;
    this.#entries.push({ block, start: stored, length, ownBytes, isEvent, id, upstreamId, digest, at, offset });
    this.#bytes += length;
    this.#written += length;
  }

  /** Forgets frames until the bounds hold. */
  trim(): void {
    const { maxBytes } = this.#bounds;
    while (this.end - this.#start > this.#maxFrames || this.#bytes > maxBytes) this.#forgetOldest();
    this.#compact();
  }

  /** Forgets frames older than `maxAgeMs`. */
  expire(now: number): void {
    const { maxAgeMs } = this.#bounds;
    for (let oldest = this.#entries[this.#head]; oldest && now - oldest.at > maxAgeMs; ) {
      this.#forgetOldest();
      oldest = this.#entries[this.#head];
    }
    this.#compact();
  }

  #forgetOldest(): void {
    const { id, length } = this.#entries[this.#head] as Entry;
    this.#bytes -= length;
    this.onForget(id, this.#start);
    // A reference in the dead head would keep the frame's memory.
    this.#entries[this.#head++] = undefined;
    this.#start++;
    this.#last = undefined;
  }

  #compact(): void {
    if (this.#head > 1_000 && this.#head * 2 > this.#entries.length) {
      this.#entries = this.#entries.slice(this.#head);
      this.#head = 0;
    } else if (this.#head > 0 && this.#head === this.#entries.length) {
      this.#entries = [];
      this.#head = 0;
    }
  }

  /** Bytes from a position to the end, or all that are held if it was forgotten. */
  bytesFrom(position: number): number {
    const entry = this.entry(position);
    return entry ? this.#written - entry.offset : position < this.#start ? this.#bytes : 0;
  }

  /**
   * The frames from `position`, which must not be forgotten, up to about `maxBytes`; a single frame if `alone`. The
   * bytes never change, so they may be kept.
   */
  read(position: number, maxBytes: number, alone = false): ReplaySlice {
    const { end } = this;
    const last = this.#last;
    if (last && last.position === position && last.end === end && last.alone === alone) return last.slice;
    const first = this.entry(position);
    if (!first) return { bytes: Buffer.alloc(0), events: 0, next: position };
    const { block, start } = first;
    let bytes = 0;
    let events = 0;
    let next = position;
    do {
      const entry = this.entry(next) as Entry;
      // A slice lies within one block.
      if (entry.block !== block) break;
      bytes += entry.length;
      if (entry.isEvent) events++;
      next++;
    } while (next < end && !alone && bytes < maxBytes);
    const slice = { bytes: block.subarray(start, start + bytes), events, next };
    this.#last = { position, end, alone, slice };
    return slice;
  }

  /** The newest frames before `position`, oldest first: at most `most`. */
  *framesBefore(position: number, most = 1_000): Iterable<StoredFrame> {
    for (let at = Math.max(this.#start, position - most); at < position; at++) {
      const { block, start, length, id, digest } = this.entry(at) as Entry;
      yield { buffer: block, start, end: start + length, id, digest };
    }
  }

  /** The frame at `position`; undefined unless it is held. */
  protected entry(position: number): Entry | undefined {
    return position < this.#start ? undefined : this.#entries[this.#head + position - this.#start];
  }
}
