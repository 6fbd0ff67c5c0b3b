import { crc32 } from 'node:zlib';
import { isHeaderValue } from '../http.ts';
import { frameContent } from '../sse/fields.ts';
import type { GapReason } from '../types.ts';

/** How many events are remembered, to know a repeat after a resume. */
export const replayWindow = 1_000;

/** What is to be done with a frame. `held` are frames that looked like repeats and turned out to be new. */
export type Verdict = 'pass' | 'drop' | 'restarted';

interface HeldFrame {
  readonly bytes: Buffer;
  readonly isEvent: boolean;
  readonly id: string | undefined;
}

/**
 * Knows, after a resume, what the upstream has sent before.
 *
 * An upstream that ignores Last-Event-ID repeats events: same ids, same bytes, in the same order, up to the last one
 * and beyond. Those are dropped. One whose ids began anew also sends known ids, but with other bytes or without ever
 * reaching the last one: then nothing is dropped, and the gap is said.
 */
export class ReplayFilter {
  // A ring of what was delivered last: two numbers a frame, the id's hash and the content's. As strings and arrays, a
  // thousand ids a stream outlived the young generation all the time: 1 µs an event went into collecting them.
  #marks = new Uint32Array(2 * 8);
  #count = 0;

  // While catching up: known ids' hashes → their latest position, the last position that may be repeated, how far the
  // repeats have come, and what has passed meanwhile: an upstream may greet each connection before it repeats anything.
  #known: Map<number, number> | undefined;
  #last = -1;
  #at = -1;
  #passed = 0;
  #passedId = false;
  #held: HeldFrame[] = [];
  #heldBytes = 0;
  readonly #maxHeldBytes: number;

  constructor(maxHeldBytes: number) {
    this.#maxHeldBytes = maxHeldBytes;
  }

  /** Whether frames have to be judged: only between a resume and its first new event. */
  get catchingUp(): boolean {
    return this.#known !== undefined;
  }

  /** Remembers a delivered frame. */
  record(source: Buffer, start: number, end: number, id: string | undefined): void {
    const slot = 2 * (this.#count++ % replayWindow);
    if (slot >= this.#marks.length) this.#grow();
    this.#marks[slot] = hashId(id);
    this.#marks[slot + 1] = crc32(frameContent(source, start, end));
  }

  // An idle stream should not pay for the whole window.
  #grow(): void {
    const grown = new Uint32Array(Math.min(this.#marks.length * 2, replayWindow * 2));
    grown.set(this.#marks);
    this.#marks = grown;
  }

  #idAt(position: number): number {
    return this.#marks[2 * (position % replayWindow)] as number;
  }

  #sumAt(position: number): number {
    return this.#marks[2 * (position % replayWindow) + 1] as number;
  }

  /** A resume with `cursor` succeeded; says why continuity can't be proven, if it can't. */
  resume(cursor: string): GapReason | undefined {
    this.#settle();
    if (cursor === '') return 'no-ids';
    if (!isHeaderValue(cursor)) return 'unusable-id';
    this.#known = new Map();
    this.#last = this.#count - 1;
    this.#passed = 0;
    this.#passedId = false;
    for (let position = this.#oldest(); position < this.#count; position++) {
      const id = this.#idAt(position);
      if (id !== noId) this.#known.set(id, position);
    }
    // Events without an id followed the last one that had one: whether they come again nobody can tell.
    return this.#last >= 0 && this.#idAt(this.#last) !== hashId(cursor) ? 'no-ids' : undefined;
  }

  /** Judges a frame that arrived while catching up. After 'restarted', call {@link takeHeld} before delivering it. */
  classify(
    source: Buffer,
    start: number,
    end: number,
    id: string | undefined,
    isEvent: boolean,
    cursor: string,
  ): Verdict {
    const known = this.#known as Map<number, number>;
    const hash = hashId(id);
    const sum = crc32(frameContent(source, start, end));
    const position = id === undefined ? this.#at + 1 : known.get(hash);
    const inRun = this.#at >= 0;
    const isRepeat =
      position !== undefined &&
      (id !== undefined || inRun) &&
      this.#idAt(position) === hash &&
      this.#sumAt(position) === sum;
    if (isRepeat) {
      this.#at = position;
      if (position === this.#last) this.#settle();
      else this.#hold({ bytes: Buffer.from(source.subarray(start, end)), isEvent, id });
      return 'drop';
    }
    // A known id with other bytes, a run of repeats that broke off, or a number that went back: the ids began anew.
    const restarted =
      inRun || (id !== undefined && (position !== undefined || (!this.#passedId && wentBack(id, cursor))));
    if (restarted) {
      this.#known = undefined;
      return 'restarted';
    }
    // An upstream that resumed as asked: the first event is new. Older repeats than the window may still follow it.
    if (id !== undefined) this.#passedId = true;
    if (++this.#passed >= replayWindow) this.#settle();
    return 'pass';
  }

  /** The frames that looked like repeats before the ids turned out to have begun anew. What was known is forgotten. */
  takeHeld(): HeldFrame[] {
    const held = this.#held;
    this.#count = 0;
    this.#settle();
    return held;
  }

  #hold(frame: HeldFrame): void {
    this.#held.push(frame);
    this.#heldBytes += frame.bytes.length;
    while (this.#heldBytes > this.#maxHeldBytes) this.#heldBytes -= this.#held.shift()?.bytes.length ?? 0;
  }

  #settle(): void {
    this.#known = undefined;
    this.#at = -1;
    this.#held = [];
    this.#heldBytes = 0;
  }

  #oldest(): number {
    return Math.max(0, this.#count - replayWindow);
  }
}

const noId = 0;

/** FNV-1a of an id, which is a byte string; never {@link noId}. Only ids with equal content have to differ by it. */
function hashId(id: string | undefined): number {
  if (id === undefined) return noId;
  let hash = 0x811c9dc5;
  for (let i = 0; i < id.length; i++) hash = Math.imul(hash ^ id.charCodeAt(i), 0x01000193);
  return hash >>> 0 || 1;
}

/** Whether both are whole numbers and `id` is not after `cursor`. Other ids have no order that we know. */
function wentBack(id: string, cursor: string): boolean {
  if (!/^\d+$/.test(id) || !/^\d+$/.test(cursor)) return false;
  return BigInt(id) <= BigInt(cursor);
}
