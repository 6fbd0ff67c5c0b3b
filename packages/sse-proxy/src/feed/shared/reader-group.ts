import { replaySliceBytes } from '../../config/defaults.ts';
import type { FeedReader } from '../subscription.ts';
import type { ReplayRing } from './replay-ring.ts';

/** One browser's place among the readers of a shared feed. */
export interface Reader {
  readonly handler: FeedReader;
  /** Position of the next frame it gets; maintained only while it is behind. */
  position: number;
  /** False while the browser's buffer is full. */
  hasRoom: boolean;
  /** How many bytes it may fall behind. Frames that it missed before it attached are not counted. */
  allowance: number;
}

/**
 * The readers of a shared feed. Those at the tip get each chunk as it arrives. One that reconnected, or can't keep up,
 * is behind: it reads from the ring at its own pace until it is at the tip. No reader delays another.
 */
export class ReaderGroup {
  readonly #ring: ReplayRing;
  readonly #oneFramePerCall: boolean;
  readonly #maxBehindBytes: number;
  readonly #onCaughtUp: (reader: Reader) => boolean;
  readonly #live = new Set<Reader>();
  readonly #behind = new Set<Reader>();
  /** Readers that fell behind in this turn of the event loop. */
  #fallen: Reader[] = [];

  /**
   * `onCaughtUp` is called when a reader has everything in the ring; it returns false if the reader has moved to
   * another feed or has ended.
   */
  constructor(
    ring: ReplayRing,
    oneFramePerCall: boolean,
    maxBehindBytes: number,
    onCaughtUp: (reader: Reader) => boolean,
  ) {
    this.#ring = ring;
    this.#oneFramePerCall = oneFramePerCall;
    this.#maxBehindBytes = maxBehindBytes;
    this.#onCaughtUp = onCaughtUp;
  }

  /** True if every reader is behind: then the upstream may be paused, since that delays nobody. */
  get allBehind(): boolean {
    return this.#live.size === 0 && this.#behind.size > 0;
  }

  get live(): Iterable<Reader> {
    return [...this.#live];
  }

  /** What the reader has still to be sent: frames, and their bytes. */
  lagOf(reader: Reader): { readonly frames: number; readonly bytes: number } {
    if (!this.#behind.has(reader)) return { frames: 0, bytes: 0 };
    const { position } = reader;
    return { frames: this.#ring.end - position, bytes: this.#ring.bytesFrom(position) };
  }

  /** Sends the reader everything from `position` on, now and as it arrives. */
  attach(reader: Reader, position: number): void {
    reader.position = position;
    reader.allowance = this.#ring.bytesFrom(position) + this.#maxBehindBytes;
    this.#behind.add(reader);
    this.#catchUp(reader);
  }

  /** The reader has room again. */
  resume(reader: Reader): void {
    reader.hasRoom = true;
    if (this.#behind.has(reader)) this.#catchUp(reader);
  }

  detach(reader: Reader): void {
    if (this.#live.delete(reader)) reader.position = this.#ring.end;
    if (this.#behind.delete(reader)) this.#trim();
  }

  /** Sends frames to the readers at the tip; `next` is the position after them. */
  send(buffer: Buffer, start: number, end: number, events: number, next: number): void {
    // One Buffer object for all readers: the fast writer recognises it and frames it once.
    const bytes = start === 0 && end === buffer.length ? buffer : buffer.subarray(start, end);
    for (const reader of this.#live) {
      if (!reader.handler.onFrames(bytes, 0, bytes.length, events, undefined)) this.#fallBehind(reader, next);
    }
    if (this.#behind.size > 0) this.#cutLagging();
  }

  /** Sends one of our own events to the readers at the tip. */
  sendControl(bytes: Buffer, isReplayed: boolean): void {
    for (const reader of this.#live) reader.handler.onControlEvent(bytes, isReplayed);
    if (isReplayed && this.#behind.size > 0) this.#cutLagging();
  }

  #fallBehind(reader: Reader, position: number): void {
    reader.hasRoom = false;
    reader.position = position;
    // It may have been detached by the call that filled it.
    if (!this.#live.delete(reader)) return;
    this.#behind.add(reader);
    reader.allowance = Number.POSITIVE_INFINITY;
    if (this.#fallen.length === 0) setImmediate(this.#endTurn);
    this.#fallen.push(reader);
    this.#ring.suspendsEviction = true;
  }

  // What arrives in the turn in which a reader fell behind does not count: the reader can't drain before the turn ends.
  #endTurn = (): void => {
    for (const reader of this.#fallen) {
      if (this.#behind.has(reader)) reader.allowance = this.#ring.bytesFrom(reader.position) + this.#maxBehindBytes;
    }
    this.#fallen = [];
    this.#ring.suspendsEviction = false;
    this.#trim();
  };

  #trim(): void {
    if (this.#behind.size === 0 && !this.#ring.suspendsEviction) this.#ring.trim();
  }

  #catchUp(reader: Reader): void {
    const ring = this.#ring;
    while (reader.hasRoom && reader.position < ring.end) {
      if (reader.position < ring.start) return this.#cut(reader);
      const { bytes, events, next } = ring.read(reader.position, replaySliceBytes, this.#oneFramePerCall);
      reader.position = next;
      reader.hasRoom = reader.handler.onFrames(bytes, 0, bytes.length, events, undefined);
      if (!this.#behind.has(reader)) return;
    }
    if (!reader.hasRoom) return;
    this.#behind.delete(reader);
    if (this.#onCaughtUp(reader)) this.#live.add(reader);
    this.#trim();
  }

  #cutLagging(): void {
    for (const reader of this.#behind) {
      const isForgotten = reader.position < this.#ring.start;
      if (isForgotten || this.#ring.bytesFrom(reader.position) > reader.allowance) this.#cut(reader);
    }
  }

  #cut(reader: Reader): void {
    this.detach(reader);
    reader.handler.onLagging('maxBufferedBytes', this.#ring.bytesFrom(reader.position));
  }
}
