import { crc32 } from 'node:zlib';
import { frameContent } from './framing.ts';
import { isHeaderValue } from './headers.ts';
import type { GapReason } from './types.ts';

/** How many events are remembered, to know a repeat after a resume. */
export const continuityWindow = 1_000;

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
export class Continuity {
  // A ring of what was delivered last; parallel arrays, since they are written once per event.
  readonly #ids: (string | undefined)[] = [];
  readonly #sums: number[] = [];
  #count = 0;

  // While catching up: known ids → their latest position, the last position that may be repeated, how far the
  // repeats have come, and what has passed meanwhile: an upstream may greet each connection before it repeats anything.
  #known: Map<string, number> | undefined;
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
    const slot = this.#count++ % continuityWindow;
    this.#ids[slot] = id;
    this.#sums[slot] = crc32(frameContent(source, start, end));
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
      const id = this.#ids[position % continuityWindow];
      if (id !== undefined) this.#known.set(id, position);
    }
    // Events without an id followed the last one that had one: whether they come again nobody can tell.
    return this.#last >= 0 && this.#ids[this.#last % continuityWindow] !== cursor ? 'no-ids' : undefined;
  }

  /** Judges a frame that arrived while catching up. After 'restarted', call {@link takeHeld} before delivering it. */
  judge(source: Buffer, start: number, end: number, id: string | undefined, isEvent: boolean, cursor: string): Verdict {
    const known = this.#known as Map<string, number>;
    const sum = crc32(frameContent(source, start, end));
    const position = id === undefined ? this.#at + 1 : known.get(id);
    const inRun = this.#at >= 0;
    const isRepeat =
      position !== undefined &&
      (id !== undefined || inRun) &&
      this.#ids[position % continuityWindow] === id &&
      this.#sums[position % continuityWindow] === sum;
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
    if (++this.#passed >= continuityWindow) this.#settle();
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
    return Math.max(0, this.#count - continuityWindow);
  }
}

/** Whether both are whole numbers and `id` is not after `cursor`. Other ids have no order that we know. */
function wentBack(id: string, cursor: string): boolean {
  if (!/^\d+$/.test(id) || !/^\d+$/.test(cursor)) return false;
  return BigInt(id) <= BigInt(cursor);
}
