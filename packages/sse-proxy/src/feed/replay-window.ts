import { CR, type FrameId, LF } from '../sse/fields.ts';
import { Digest } from './digest.ts';

/** Number of delivered frames that are remembered, to recognise a repeat after a resume. */
export const replayWindow = 1_000;
/** The most for a stream that delivers so many within {@link busyMs}: an upstream may repeat what it sent in its last seconds. */
export const maxReplayWindow = 8_000;
const busyMs = 10_000;
/** Numbers per frame: the content's digest, then the id's. */
const width = 4;
/** Every so many frames the id itself is kept, to see whether ids ascend. */
const sampleEvery = 64;
const maxSamples = Math.ceil(maxReplayWindow / sampleEvery) + 1;

const digest = new Digest();
const noMarks = new Uint32Array(0);

/**
 * The last delivered frames, by digest. A position is the number of frames recorded before.
 *
 * Numbers in one array: strings or objects for a thousand frames per stream would outlive the young generation, and
 * collecting them would cost each event more than the rest of this.
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

  record(source: Buffer, start: number, end: number, id: FrameId | undefined): void {
    digestContent(source, start, end);
    this.#add(digest.high, digest.low, id);
  }

  /** The same for a frame of which only the {@link contentDigest} is known. */
  recordDigest(content: string, id: FrameId | undefined): void {
    const [high = 0, low = 0] = content.split('.').map(Number);
    this.#add(high, low, id);
  }

  #add(high: number, low: number, id: FrameId | undefined): void {
    if (this.#count % sampleEvery === 0) this.#sample(id);
    const slot = width * (this.#count % this.#capacity);
    if (slot >= this.#marks.length) this.#grow();
    const marks = this.#marks;
    marks[slot] = high;
    marks[slot + 1] = low;
    if (id === undefined) {
      marks[slot + 2] = 0;
      marks[slot + 3] = 0;
    } else {
      digest.ofId(id);
      marks[slot + 2] = digest.high;
      marks[slot + 3] = digest.low;
    }
    this.#count++;
  }

  #sample(id: FrameId | undefined): void {
    const now = performance.now();
    const index = (this.#count / sampleEvery) % maxSamples;
    this.#samples[index] = id;
    this.#times[index] = now;
    const isRecent = (position: number) => position >= 0 && now - this.#timeOf(position) < busyMs;
    // The frames until the next sample take the places of these.
    const isBusy = isRecent(this.#count + sampleEvery - 1 - this.#capacity);
    if (isBusy && this.#capacity < maxReplayWindow) this.#resize(2 * this.#capacity);
    else if (this.#capacity > replayWindow && !isRecent(this.#count - replayWindow)) this.#resize(replayWindow);
  }

  /** When a frame was delivered, or one shortly before it. */
  #timeOf(position: number): number {
    return this.#times[Math.floor(position / sampleEvery) % maxSamples] ?? Number.NEGATIVE_INFINITY;
  }

  #resize(capacity: number): void {
    const { start } = this;
    const marks = new Uint32Array(capacity * width);
    this.#kept = Math.max(start, this.#count - capacity);
    for (let position = this.#kept; position < this.#count; position++) {
      const slot = width * (position % this.#capacity);
      marks.set(this.#marks.subarray(slot, slot + width), width * (position % capacity));
    }
    this.#marks = marks;
    this.#capacity = capacity;
  }

  // An idle stream must not pay for the whole window.
  #grow(): void {
    const grown = new Uint32Array(Math.min(Math.max(width * 8, this.#marks.length * 2), this.#capacity * width));
    grown.set(this.#marks);
    this.#marks = grown;
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
    const slot = width * (position % this.#capacity) + offset;
    return `${this.#marks[slot]}.${this.#marks[slot + 1]}`;
  }

  /** True if a remembered frame has this id. */
  hasId(id: string): boolean {
    digest.ofId(id);
    const { high, low } = digest;
    for (let position = this.start; position < this.#count; position++) {
      const slot = width * (position % this.#capacity);
      if (this.#marks[slot + 2] === high && this.#marks[slot + 3] === low) return true;
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

  /** True if all ids that were sampled are whole numbers, none smaller than the one before, and `cursor` is the last. */
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

/** The digest of a frame, as {@link ReplayWindow.contentAt} gives it. */
export function contentDigest(source: Buffer, start: number, end: number): string {
  digestContent(source, start, end);
  return `${digest.high}.${digest.low}`;
}

/** The digest of an id, as {@link ReplayWindow.idAt} gives it. */
export function idDigest(id: string): string {
  digest.ofId(id);
  return `${digest.high}.${digest.low}`;
}

/** True if the id is a whole number in decimal digits. */
export function isNumber(id: string): boolean {
  return /^[0-9]{1,40}$/.test(id);
}

// Whether the LF of the last CRLF belongs to a frame depends on the chunks in which it arrived: line ends don't count.
function digestContent(source: Buffer, start: number, end: number): void {
  let last = end;
  while (last > start && (source[last - 1] === LF || source[last - 1] === CR)) last--;
  digest.ofBytes(source, start, last);
}
