import { randomBytes } from 'node:crypto';
import { type FrameId, frameId } from '../sse/fields.ts';

const seeds = randomBytes(8);
const seedHigh = seeds.readInt32LE(0);
const seedLow = seeds.readInt32LE(4);

/**
 * A 64-bit digest that decides whether two events are equal. It is keyed per process, so that nobody can construct two
 * events with the same digest. The result is kept in fields, since the per-event path must not allocate.
 */
export class Digest {
  high = 0;
  low = 0;
  // Frames mostly lie in one of two buffers that alternate: the memory of socket reads, and that of batched reads.
  #view: DataView = new DataView(new ArrayBuffer(0));
  #otherView = this.#view;

  /** Sets the digest to that of `bytes.subarray(start, end)`. */
  ofBytes(bytes: Buffer, start: number, end: number): void {
    const view = this.#view.buffer === bytes.buffer ? this.#view : this.#switchView(bytes.buffer);
    let high = seedHigh ^ (end - start);
    let low = seedLow;
    let at = bytes.byteOffset + start;
    const to = bytes.byteOffset + end;
    // The halves alternate, and each mixes in the other: every word affects all 64 bits, and no step loses any.
    for (; at + 8 <= to; at += 8) {
      high = Math.imul(high ^ view.getInt32(at, true), 0x9e3779b1) + low;
      high = (high << 13) | (high >>> 19);
      low = Math.imul(low ^ view.getInt32(at + 4, true), 0x85ebca77) + high;
      low = (low << 17) | (low >>> 15);
    }
    for (; at < to; at++) {
      const byte = view.getUint8(at);
      high = Math.imul(high ^ byte, 0x9e3779b1);
      high = (high << 13) | (high >>> 19);
      low = Math.imul(low + byte, 0x85ebca77);
      low ^= low >>> 15;
    }
    this.#finish(high, low);
  }

  #switchView(buffer: ArrayBufferLike): DataView {
    const last = this.#view;
    this.#view = this.#otherView.buffer === buffer ? this.#otherView : new DataView(buffer);
    this.#otherView = last;
    return this.#view;
  }

  /** Sets the digest to that of an id, whichever of its two forms it has. */
  ofId(id: FrameId): void {
    const canonical = typeof id === 'number' ? id : frameId(id);
    if (typeof canonical === 'string') return this.#ofText(canonical);
    const low = Math.imul(seedLow ^ (canonical >>> 0), 0x85ebca77);
    this.#finish(Math.imul(seedHigh ^ Math.floor(canonical / 0x1_0000_0000) ^ low, 0x9e3779b1), low);
  }

  #ofText(text: string): void {
    let high = seedHigh ^ text.length;
    let low = seedLow;
    for (let at = 0; at < text.length; at++) {
      const byte = text.charCodeAt(at);
      high = Math.imul(high ^ byte, 0x9e3779b1);
      high = (high << 13) | (high >>> 19);
      low = Math.imul(low + byte, 0x85ebca77);
      low ^= low >>> 15;
    }
    this.#finish(high, low);
  }

  #finish(high: number, low: number): void {
    const mixed = Math.imul(high ^ (high >>> 16), 0x7feb352d);
    this.low = Math.imul(low ^ (low >>> 15) ^ mixed, 0x846ca68b) >>> 0;
    this.high = Math.imul(mixed ^ this.low, 0x9e3779b1) >>> 0;
  }
}
