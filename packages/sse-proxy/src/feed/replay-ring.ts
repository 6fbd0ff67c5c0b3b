import type { ReplayBounds } from '../config/replay-bounds.ts';
import { frameContent } from '../sse/fields.ts';

interface Entry {
  readonly bytes: Buffer;
  readonly isEvent: boolean;
  readonly id: string | undefined;
  readonly at: number;
  /** Bytes of all frames before this one, forgotten ones included. */
  readonly offset: number;
}

/** What {@link ReplayRing.read} gives. */
export interface ReplaySlice {
  readonly bytes: Buffer;
  readonly events: number;
  /** The position behind it. */
  readonly next: number;
}

/**
 * The recent frames of one feed, by position and by id. A position is the number of frames before it, so it keeps its
 * meaning while old frames are forgotten.
 */
export class ReplayRing {
  readonly #bounds: ReplayBounds;
  readonly #byId = new Map<string, number>();
  // Frames from #start to #end, in a queue whose head moves; the dead head is cut off now and then.
  #entries: (Entry | undefined)[] = [];
  #head = 0;
  #start = 0;
  #bytes = 0;
  #written = 0;
  // Browsers that come back together mostly read the same slice.
  #last:
    | {
        readonly position: number;
        readonly end: number;
        readonly oneFramePerCall: boolean;
        readonly slice: ReplaySlice;
      }
    | undefined;

  constructor(bounds: ReplayBounds) {
    this.#bounds = bounds;
  }

  /** Position of the oldest frame. */
  get start(): number {
    return this.#start;
  }

  /** Position behind the newest frame. */
  get end(): number {
    return this.#start + this.#entries.length - this.#head;
  }

  /** Bytes held. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Appends a frame; `now` from a monotonic clock, in milliseconds. */
  push(bytes: Buffer, isEvent: boolean, id: string | undefined, now: number): void {
    if (id !== undefined) this.#byId.set(id, this.end);
    this.#entries.push({ bytes, isEvent, id, at: now, offset: this.#written });
    this.#bytes += bytes.length;
    this.#written += bytes.length;
    this.expire(now);
  }

  /** Forgets what is past the bounds. */
  expire(now: number): void {
    const { maxEvents, maxBytes, maxAgeMs } = this.#bounds;
    for (;;) {
      const oldest = this.#entries[this.#head];
      if (!oldest) break;
      const fits = this.end - this.#start <= maxEvents && this.#bytes <= maxBytes && now - oldest.at <= maxAgeMs;
      if (fits) break;
      this.#bytes -= oldest.bytes.length;
      if (oldest.id !== undefined && this.#byId.get(oldest.id) === this.#start) this.#byId.delete(oldest.id);
      // The dead head would keep the frames' memory.
      this.#entries[this.#head++] = undefined;
      this.#start++;
    }
    if (this.#head > 1_000 && this.#head * 2 > this.#entries.length) {
      this.#entries = this.#entries.slice(this.#head);
      this.#head = 0;
    } else if (this.#head === this.#entries.length) {
      this.#entries = [];
      this.#head = 0;
    }
  }

  /** The position behind the newest frame with this id. */
  after(id: string): number | undefined {
    const position = this.#byId.get(id);
    return position === undefined ? undefined : position + 1;
  }

  /** The position of the newest frame with this id, if it has this content too: one id may have been given twice. */
  find(id: string, content: Buffer): number | undefined {
    const position = this.#byId.get(id);
    if (position === undefined) return undefined;
    const { bytes } = this.#entries[this.#head + position - this.#start] as Entry;
    return frameContent(bytes, 0, bytes.length).equals(content) ? position : undefined;
  }

  /** Bytes from a position to the end, or all that are held if it was forgotten. */
  bytesFrom(position: number): number {
    const entry = this.#entries[this.#head + position - this.#start];
    return entry ? this.#written - entry.offset : position < this.#start ? this.#bytes : 0;
  }

  /** The frames from `position`, which must not be forgotten, up to about `maxBytes`; one frame only if `single`. */
  read(position: number, maxBytes: number, oneFramePerCall = false): ReplaySlice {
    const { end } = this;
    const last = this.#last;
    if (last && last.position === position && last.end === end && last.oneFramePerCall === oneFramePerCall)
      return last.slice;
    const parts: Buffer[] = [];
    let bytes = 0;
    let events = 0;
    let next = position;
    while (next < end && (parts.length === 0 || (!oneFramePerCall && bytes < maxBytes))) {
      const entry = this.#entries[this.#head + next - this.#start] as Entry;
      parts.push(entry.bytes);
      bytes += entry.bytes.length;
      if (entry.isEvent) events++;
      next++;
    }
    const slice = { bytes: parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts, bytes), events, next };
    this.#last = { position, end, oneFramePerCall, slice };
    return slice;
  }
}
