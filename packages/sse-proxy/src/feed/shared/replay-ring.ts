import type { ReplayBounds } from '../../config/replay-bounds.ts';
import { frameContent } from '../../sse/fields.ts';
import { FrameMemory } from './frame-memory.ts';
import { IdIndex } from './id-index.ts';

/** Whatever their size, so many frames are held if `maxEvents` allows it. */
const minFrames = 10_000;
/** About the memory of an entry, its id included: more frames than fit into `maxBytes` by this are not held. */
const entryBytes = 128;

interface Entry {
  readonly block: Buffer;
  readonly start: number;
  readonly length: number;
  /** How many of the first bytes are the id of our own. */
  readonly ownBytes: number;
  readonly isEvent: boolean;
  readonly id: string | undefined;
  /** The upstream's id, where `id` is one of our own. */
  readonly sourceId: string | undefined;
  readonly at: number;
  /** Bytes of all frames before this one, forgotten ones included. */
  readonly offset: number;
}

/** A frame of the ring: `source.subarray(start, end)`. */
export interface StoredFrame {
  readonly source: Buffer;
  readonly start: number;
  readonly end: number;
  readonly id: string | undefined;
}

/** Frames that {@link ReplayRing.read} returns. */
export interface ReplaySlice {
  readonly bytes: Buffer;
  readonly events: number;
  /** The position behind the last of them. */
  readonly next: number;
}

/** Where a browser that comes back with an id goes on. */
export interface ReplayPosition {
  readonly position: number;
  /** False if events may be missing before the position: the ids have restarted, and this one may be an old one. */
  readonly isProven: boolean;
}

/**
 * The recent frames of one feed, by position and by id. A position is the number of frames before it, so it keeps its
 * meaning while old frames are forgotten. Frames are copied: the ring holds no memory but its own.
 */
export class ReplayRing {
  /**
   * While true, `push()` exceeds maxEvents and maxBytes instead of evicting. Set for the rest of an event loop turn in which a
   * reader fell behind, because no reader can take anything before that turn ends.
   */
  isHeld = false;
  readonly #bounds: ReplayBounds;
  readonly #maxFrames: number;
  readonly #memory: FrameMemory;
  readonly #ids = new IdIndex();
  // Frames from #start to #end, in a queue whose head moves; the dead head is cut off now and then.
  #entries: (Entry | undefined)[] = [];
  #head = 0;
  #start = 0;
  #bytes = 0;
  #written = 0;
  #restartedAtMs = 0;
  // Browsers that come back together mostly read the same slice.
  #last:
    | { readonly position: number; readonly end: number; readonly alone: boolean; readonly slice: ReplaySlice }
    | undefined;

  constructor(bounds: ReplayBounds) {
    this.#bounds = bounds;
    this.#maxFrames = Math.min(bounds.maxEvents, Math.max(minFrames, Math.ceil(bounds.maxBytes / entryBytes)));
    this.#memory = new FrameMemory(bounds.maxBytes);
  }

  /** Position of the oldest frame. */
  get start(): number {
    return this.#start;
  }

  /** Position behind the newest frame. */
  get end(): number {
    return this.#start + this.#entries.length - this.#head;
  }

  /** Bytes of the frames held. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Appends a copy of `source.subarray(start, end)`; `now` from a monotonic clock, in milliseconds. `sourceId` is the
   * upstream's id where `id` is one of our own; that is written in the first `ownBytes`, which are not compared.
   */
  push(
    source: Buffer,
    start: number,
    end: number,
    isEvent: boolean,
    id: string | undefined,
    now: number,
    sourceId = id,
    ownBytes = 0,
  ): void {
    if (id !== undefined && this.#ids.add(id, this.end)) this.#markRestart(now, false);
    const length = end - start;
    const stored = this.#memory.store(source, start, end);
    const { block } = this.#memory;
    this.#entries.push({
      block,
      start: stored,
      length,
      ownBytes,
      isEvent,
      id,
      sourceId,
      at: now,
      offset: this.#written,
    });
    this.#bytes += length;
    this.#written += length;
    if (!this.isHeld) this.trim();
    this.expire(now);
  }

  /** The upstream has given known ids to other events: those of the frames to come do not continue the ids held. */
  restartIds(now: number): void {
    this.#markRestart(now, true);
  }

  // A browser that was away for longer than frames are kept can't be distinguished from one that came later.
  #markRestart(now: number, isProven: boolean): void {
    this.#ids.restart(this.end, this.#entry(this.#start)?.id, isProven);
    this.#restartedAtMs = now;
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
    if (this.#ids.restartAt !== undefined && now - this.#restartedAtMs > maxAgeMs) this.#ids.forgetRestart();
  }

  #forgetOldest(): void {
    const { id, length } = this.#entries[this.#head] as Entry;
    this.#bytes -= length;
    this.#ids.forget(id, this.#start);
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

  /**
   * Where a browser goes on that has everything up to `id`: behind that event, or before the first of several that share
   * the id [R36]. Undefined if the ring can't tell.
   */
  after(id: string): ReplayPosition | undefined {
    const { restartAt } = this.#ids;
    if (restartAt !== undefined && this.#ids.isAmbiguous(id, this.#start))
      return { position: Math.max(restartAt, this.#start), isProven: false };
    const last = this.#ids.last(id);
    const first = this.#ids.first(id);
    if (last === undefined || first === undefined) return undefined;
    if (first === last) return { position: last + 1, isProven: true };
    return first >= this.#start ? { position: first, isProven: true } : undefined;
  }

  /** The position of the first frame from `from` on that is held and has this id and this content. */
  find(id: string, content: Buffer, from = 0): number | undefined {
    const last = this.#ids.last(id);
    if (last === undefined) return undefined;
    for (let at = Math.max(this.#ids.first(id) as number, this.#start, from); at <= last; at++) {
      if (this.holds(at, id, content)) return at;
    }
    return undefined;
  }

  /** Whether the frame at `position` is held and has this id and this content. */
  holds(position: number, id: string, content: Buffer): boolean {
    const entry = this.#entry(position);
    return entry?.id === id && contentOf(entry).equals(content);
  }

  /** The same as {@link find}, by the upstream's id where browsers get ids of our own. */
  findSource(sourceId: string, content: Buffer, from = 0): number | undefined {
    for (let at = Math.max(this.#start, from); at < this.end; at++) {
      const entry = this.#entry(at) as Entry;
      if (entry.sourceId === sourceId && contentOf(entry).equals(content)) return at;
    }
    return undefined;
  }

  /** Whether the newest frame is held and has this id of the upstream. */
  endsWithId(sourceId: string): boolean {
    return this.#entry(this.end - 1)?.sourceId === sourceId;
  }

  /** Whether the newest frame is held and has this content. */
  endsWith(content: Buffer): boolean {
    const newest = this.#entry(this.end - 1);
    return newest !== undefined && contentOf(newest).equals(content);
  }

  /** Whether the newest frames of both rings have the same content; false if one of them holds none. */
  endsLike(other: ReplayRing): boolean {
    const newest = other.#entry(other.end - 1);
    return newest !== undefined && this.endsWith(contentOf(newest));
  }

  /**
   * The id that a browser has which got everything before `position`, and whether events without an id followed it.
   * Undefined if no frame before the position is known.
   */
  cursorAt(position: number): { readonly id: string; readonly isExact: boolean } | undefined {
    for (let at = position - 1; at >= this.#start; at--) {
      const id = this.#entry(at)?.id;
      if (id !== undefined) return { id, isExact: at === position - 1 };
    }
    const { edge } = this.#ids;
    return edge === undefined ? undefined : { id: edge, isExact: position === this.#start };
  }

  /** Bytes from a position to the end, or all that are held if it was forgotten. */
  bytesFrom(position: number): number {
    const entry = this.#entry(position);
    return entry ? this.#written - entry.offset : position < this.#start ? this.#bytes : 0;
  }

  /**
   * The frames from `position`, which must not be forgotten, up to about `maxBytes`; a single frame if `alone`. The bytes
   * never change, so they may be kept.
   */
  read(position: number, maxBytes: number, alone = false): ReplaySlice {
    const { end } = this;
    const last = this.#last;
    if (last && last.position === position && last.end === end && last.alone === alone) return last.slice;
    const first = this.#entry(position);
    if (!first) return { bytes: Buffer.alloc(0), events: 0, next: position };
    const { block, start } = first;
    let bytes = 0;
    let events = 0;
    let next = position;
    do {
      const entry = this.#entry(next) as Entry;
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
      const { block, start, length, id } = this.#entry(at) as Entry;
      yield { source: block, start, end: start + length, id };
    }
  }

  #entry(position: number): Entry | undefined {
    return position < this.#start ? undefined : this.#entries[this.#head + position - this.#start];
  }
}

function contentOf({ block, start, length, ownBytes }: Entry): Buffer {
  return frameContent(block, start + ownBytes, start + length);
}
