import type { FrameId } from '../sse/fields.ts';
import { markWidth, setMark, writeMark } from './frame-mark.ts';

/** Number of delivered frames that are remembered, to recognise a repeat after a resume. */
export const replayWindow = 1_000;
/**
 * The largest number, for a stream that delivers this many within {@link busyMs}: an upstream may repeat what it sent
 * in the last seconds.
 */
export const maxReplayWindow = 8_000;
const busyMs = 10_000;
/** Of one in this many frames the id itself is kept, to detect whether ids ascend. */
const sampleEvery = 64;
const maxSamples = Math.ceil(maxReplayWindow / sampleEvery) + 1;

const noMarks = new Uint32Array(0);
/** The mark whose id is looked for. */
const searched = new Uint32Array(markWidth);

/**
 * The last delivered frames, by digest. A position is the number of frames recorded before.
 *
 * It keeps numbers in one array: strings or objects would outlive the young generation, and collecting them would cost
 * more than everything else that is done here for an event.
 */
export class ReplayWindow {
  #marks = noMarks;
  #count = 0;
  /** Position of the first frame since {@link forgetBefore}. */
  #first = 0;
  /** Most frames that are remembered; follows the rate of the stream. */
  #capacity = replayWindow;
  /** Position of the oldest frame that was kept when the capacity changed last. */
  #kept = 0;
  /** The count at the last {@link shrink}, and when that was. */
  #checkedCount = 0;
  #checkedAt = Number.NEGATIVE_INFINITY;
  readonly #samples: (FrameId | undefined)[] = [];
  /** When the samples were taken, on the monotonic clock. */
  readonly #times: number[] = [];

  /** Position after the last frame. */
  get end(): number {
    return this.#count;
  }

  /** Position of the oldest frame that is remembered. */
  get start(): number {
    return Math.max(this.#first, this.#kept, this.#count - this.#capacity);
  }

  /** True if every frame is remembered since the first one, or since {@link forgetBefore}. */
  get isComplete(): boolean {
    return this.start === this.#first;
  }

  record(buffer: Buffer, start: number, end: number, id: FrameId | undefined): void {
    // First, because it may replace the array.
    const slot = this.#nextSlot(id);
    writeMark(this.#marks, slot, buffer, start, end, id);
    this.#count++;
  }

  /** The same for a frame of which only the `contentDigest` is known. */
  recordDigest(content: string, id: FrameId | undefined): void {
    const [high = 0, low = 0] = content.split('.').map(Number);
    const slot = this.#nextSlot(id);
    setMark(this.#marks, slot, high, low, id);
    this.#count++;
  }

  /** Makes room for the mark of the next frame. */
  #nextSlot(id: FrameId | undefined): number {
    if (this.#count % sampleEvery === 0) this.#sample(id);
    const slot = markWidth * (this.#count % this.#capacity);
    if (slot >= this.#marks.length) this.#grow();
    return slot;
  }

  #sample(id: FrameId | undefined): void {
    const now = performance.now();
    const index = (this.#count / sampleEvery) % maxSamples;
    this.#samples[index] = id;
    this.#times[index] = now;
    const isRecent = (position: number) => position >= 0 && now - this.#timeOf(position) < busyMs;
    // The frames until the next sample overwrite those up to this position.
    const isBusy = isRecent(this.#count + sampleEvery - 1 - this.#capacity);
    if (isBusy && this.#capacity < maxReplayWindow) this.#resize(2 * this.#capacity);
    else if (this.#capacity > replayWindow && !isRecent(this.#count - replayWindow)) this.#resize(replayWindow);
  }

  /**
   * Releases memory that was needed only while the stream was busy; call it periodically. What was delivered within
   * {@link busyMs} before the newest frame is kept, however long ago that was: an upstream repeats what precedes the
   * cursor.
   */
  shrink(): void {
    if (this.#capacity === replayWindow) return;
    // The newest frame is not older than the last check.
    if (this.#count !== this.#checkedCount) {
      const needed = this.#count - this.#firstSince(this.#checkedAt - busyMs);
      let capacity = replayWindow;
      while (capacity < needed) capacity *= 2;
      if (capacity < this.#capacity) this.#resize(capacity);
    }
    this.#checkedCount = this.#count;
    this.#checkedAt = performance.now();
  }

  /** A position before all frames that were delivered since `time`. */
  #firstSince(time: number): number {
    let position = Math.floor((this.#count - 1) / sampleEvery) * sampleEvery;
    while (position > this.start && this.#timeOf(position) >= time) position -= sampleEvery;
    return Math.max(position, this.start);
  }

  /** When the frame at `position`, or one shortly before it, was delivered. */
  #timeOf(position: number): number {
    return this.#times[Math.floor(position / sampleEvery) % maxSamples] ?? Number.NEGATIVE_INFINITY;
  }

  #resize(capacity: number): void {
    const { start } = this;
    const marks = new Uint32Array(capacity * markWidth);
    this.#kept = Math.max(start, this.#count - capacity);
    for (let position = this.#kept; position < this.#count; position++) {
      const slot = markWidth * (position % this.#capacity);
      marks.set(this.#marks.subarray(slot, slot + markWidth), markWidth * (position % capacity));
    }
    this.#marks = marks;
    this.#capacity = capacity;
  }

  // An idle stream must not pay for the whole window.
  #grow(): void {
    const grown = new Uint32Array(
      Math.min(Math.max(markWidth * 8, this.#marks.length * 2), this.#capacity * markWidth),
    );
    grown.set(this.#marks);
    this.#marks = grown;
  }

  /** A copy of the marks, in order, with room for `length` of them. */
  marks(length: number): Uint32Array {
    const copy = new Uint32Array(length * markWidth);
    const { start } = this;
    const ring = this.#capacity * markWidth;
    const from = (start * markWidth) % ring;
    const size = (this.#count - start) * markWidth;
    const first = Math.min(size, ring - from);
    copy.set(this.#marks.subarray(from, from + first));
    copy.set(this.#marks.subarray(0, size - first), first);
    return copy;
  }

  contentAt(position: number): string {
    return this.#text(position, 0);
  }

  /** Undefined if the frame had no id. */
  idAt(position: number): string | undefined {
    const text = this.#text(position, 2);
    return text === '0.0' ? undefined : text;
  }

  #text(position: number, offset: number): string {
    const slot = markWidth * (position % this.#capacity) + offset;
    return `${this.#marks[slot]}.${this.#marks[slot + 1]}`;
  }

  /** True if a remembered frame has this id. */
  hasId(id: string): boolean {
    setMark(searched, 0, 0, 0, id);
    for (let position = this.start; position < this.#count; position++) {
      const slot = markWidth * (position % this.#capacity);
      if (this.#marks[slot + 2] === searched[2] && this.#marks[slot + 3] === searched[3]) return true;
    }
    return false;
  }

  /** Becomes a copy of another window. */
  copyFrom(other: ReplayWindow): void {
    this.#marks = other.#marks.slice();
    this.#count = other.#count;
    this.#first = other.#first;
    this.#capacity = other.#capacity;
    this.#kept = other.#kept;
    this.#times.splice(0, this.#times.length, ...other.#times);
    this.#samples.splice(0, this.#samples.length, ...other.#samples);
  }

  /**
   * True if all ids that were sampled are whole numbers, none smaller than the one before, and `cursor` is the last.
   */
  ascendsTo(cursor: string): boolean {
    const oldest = Math.ceil(this.start / sampleEvery) * sampleEvery;
    let last: bigint | undefined;
    for (let position = oldest; position < this.#count; position += sampleEvery) {
      const sample = this.#samples[(position / sampleEvery) % maxSamples];
      if (sample === undefined) continue;
      const id = String(sample);
      if (!isNumber(id) || (last !== undefined && BigInt(id) < last)) return false;
      last = BigInt(id);
    }
    return isNumber(cursor) && (last === undefined || BigInt(cursor) >= last);
  }

  /** Forgets the frames before `position`, as if the one there had been the first. */
  forgetBefore(position: number): void {
    this.#first = position;
  }
}

/** True if the id is a whole number in decimal digits. */
export function isNumber(id: string): boolean {
  return /^[0-9]{1,40}$/.test(id);
}
