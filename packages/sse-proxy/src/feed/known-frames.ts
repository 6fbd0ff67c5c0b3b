import { markWidth, writeMark } from './frame-mark.ts';
import type { ReplayWindow } from './replay-window.ts';

/**
 * Finds frames among those that a {@link ReplayWindow} remembers, by their marks. It copies the marks, so the window
 * may record further frames.
 *
 * The tables are arrays of numbers: thousands of streams may resume together, and strings in a Map need more memory.
 *
 * Two frames are the same if both 64-bit digests are equal, that of the id and that of the content. Another frame with
 * a known id is mistaken for a known one with a probability of 2^-64 for each frame that has the id: at most 2^-51.
 */
export class KnownFrames {
  readonly #start: number;
  readonly #count: number;
  readonly #isComplete: boolean;
  /** The marks of the frames, then that of the frame that is looked for. */
  readonly #marks: Uint32Array;
  /** Indexes of the frames with an id that have not been repeated yet. */
  readonly #frames: Chains;
  /** One index for each id. */
  readonly #ids: Chains;

  constructor(window: ReplayWindow) {
    const count = window.end - window.start;
    this.#start = window.start;
    this.#count = count;
    this.#isComplete = window.isComplete;
    this.#marks = window.marks(count + 1);
    this.#frames = new Chains(count);
    this.#ids = new Chains(count);
    // Backwards, so that the chains are in order.
    for (let index = count - 1; index >= 0; index--) {
      if (!this.#hasIdAt(index)) continue;
      this.#frames.prepend(this.#hashAt(index), index);
      if (this.#indexOfId(index) < 0) this.#ids.prepend(this.#idHashAt(index), index);
    }
  }

  /** Sets the frame that the other methods look for. */
  lookFor(buffer: Buffer, start: number, end: number, id: string | undefined): void {
    writeMark(this.#marks, markWidth * this.#count, buffer, start, end, id);
  }

  /** True if all frames with the frame's id are remembered: then a frame with it and other content is another event. */
  get hasId(): boolean {
    const wanted = this.#count;
    // Frames before the oldest one may have had its id, and are forgotten.
    const mayBeForgotten = !this.#isComplete && this.#isSame(0, wanted, 2);
    return !mayBeForgotten && this.#indexOfId(wanted) >= 0;
  }

  /** True if the frame at `position` has the frame's content, and no id. */
  isWithoutId(position: number): boolean {
    const index = position - this.#start;
    return index >= 0 && index < this.#count && !this.#hasIdAt(index) && this.#isSame(index, this.#count, 0);
  }

  /** Removes and returns the frame's first position after `after`; if there is none, its first position. */
  take(after: number): number | undefined {
    const wanted = this.#count;
    const hash = this.#hashAt(wanted);
    let found = -1;
    let beforeFound = -1;
    let before = -1;
    for (let index = this.#frames.first(hash); index >= 0; index = this.#frames.next(index)) {
      if (this.#isSame(index, wanted, 2) && this.#isSame(index, wanted, 0)) {
        const isAfter = this.#start + index > after;
        if (found < 0 || isAfter) {
          found = index;
          beforeFound = before;
        }
        if (isAfter) break;
      }
      before = index;
    }
    if (found < 0) return undefined;
    this.#frames.remove(hash, found, beforeFound);
    return this.#start + found;
  }

  /** The first index in its chain with the id of the mark at `wanted`; -1: there is none. */
  #indexOfId(wanted: number): number {
    let index = this.#ids.first(this.#idHashAt(wanted));
    while (index >= 0 && !this.#isSame(index, wanted, 2)) index = this.#ids.next(index);
    return index;
  }

  /** Compares one digest of two marks: that of the content (0), or that of the id (2). */
  #isSame(index: number, other: number, offset: 0 | 2): boolean {
    const at = markWidth * index + offset;
    const otherAt = markWidth * other + offset;
    return this.#marks[at] === this.#marks[otherAt] && this.#marks[at + 1] === this.#marks[otherAt + 1];
  }

  #hasIdAt(index: number): boolean {
    const at = markWidth * index + 2;
    return this.#marks[at] !== 0 || this.#marks[at + 1] !== 0;
  }

  // Digests are mixed well enough that any of their bits serve as a hash.

  #hashAt(index: number): number {
    return (this.#marks[markWidth * index + 1] as number) ^ this.#idHashAt(index);
  }

  #idHashAt(index: number): number {
    return this.#marks[markWidth * index + 3] as number;
  }
}

/** A hash table of indexes, with chains. It holds each index plus 1; 0 ends a chain. */
class Chains {
  readonly #heads: Uint16Array;
  readonly #next: Uint16Array;

  /** @param count number of indexes, below 65,535 */
  constructor(count: number) {
    this.#heads = new Uint16Array(2 ** Math.ceil(Math.log2(Math.max(1, count))));
    this.#next = new Uint16Array(count);
  }

  /** -1: there is none. */
  first(hash: number): number {
    return (this.#heads[this.#slotOf(hash)] as number) - 1;
  }

  next(index: number): number {
    return (this.#next[index] as number) - 1;
  }

  prepend(hash: number, index: number): void {
    const slot = this.#slotOf(hash);
    this.#next[index] = this.#heads[slot] as number;
    this.#heads[slot] = index + 1;
  }

  /** @param before the index before it in its chain; -1: it is the first */
  remove(hash: number, index: number, before: number): void {
    const next = this.#next[index] as number;
    if (before < 0) this.#heads[this.#slotOf(hash)] = next;
    else this.#next[before] = next;
  }

  #slotOf(hash: number): number {
    return hash & (this.#heads.length - 1);
  }
}
