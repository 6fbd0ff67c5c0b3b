import { editFrame } from './edit-frame.ts';
import { CR, type FrameId, LF, lateLineFeed, readId, unusableId } from './fields.ts';
import { FrameScanner } from './frame-scanner.ts';
import { OversizedEvent } from './oversized-event.ts';
import { PartialFrame } from './partial-frame.ts';

const BOM = [0xef, 0xbb, 0xbf] as const;

/** Bounds of what a {@link Framer} passes on. */
export interface FramerBounds {
  /** Largest event, in bytes. A larger one is discarded as it arrives. */
  readonly maxEventBytes: number;
  /** Longest id, in bytes. A longer one is cut from its event. */
  readonly maxIdBytes: number;
  /** Largest `retry:`, in milliseconds. A larger one is replaced by this. */
  readonly maxRetryMs: number;
}

/**
 * Receives single frames. Second of the interfaces on the event path: {@link Framer} calls it for each frame of a
 * chunk, which `DataHandler.onData` has received; `Feed` implements it and calls `EventHandler.onFrames`.
 */
export interface FrameHandler {
  /** Receives one whole frame, as `EventHandler.onFrames` does. */
  onFrame(buffer: Buffer, start: number, end: number, events: number, id: FrameId | undefined): void;
  /** An event that exceeded `maxEventBytes` has ended; nothing of it was passed on. */
  onOversizedEvent(event: OversizedEvent): void;
}

/**
 * Splits the bytes of one upstream connection into whole frames: events, and comments and `retry:` lines between them.
 *
 * [spec] https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
 * A frame within one chunk is passed on as a slice of it; only a frame that spans chunks is copied, once. A frame that
 * is incomplete at the end of a connection is never passed on.
 *
 * A comment or `retry:` line that precedes an event's other fields is a frame of its own, since a proxy or an upstream
 * may put it there on one connection and not on the next: the event must be the same bytes on both.
 */
export class Framer extends FrameScanner {
  /** The last valid `retry:` of the upstream, in milliseconds. */
  retryMs: number | undefined;
  /** True once the upstream has sent an id. */
  showsIds = false;
  /** The unfinished event that exceeds `maxEventBytes`; undefined if there is none. */
  oversized: OversizedEvent | undefined;

  readonly #handler: FrameHandler;
  readonly #bounds: FramerBounds;

  /** True if the last chunk ended with the CR that ended an event: its LF may follow. */
  #eventEndedInCr = false;
  #atStart = true;

  constructor(handler: FrameHandler, bounds: FramerBounds) {
    super();
    this.#handler = handler;
    this.#bounds = bounds;
  }

  /** Bytes of the unfinished frame. */
  get heldBytes(): number {
    return this.partial?.length ?? 0;
  }

  /** A new upstream connection begins: discards the unfinished frame and expects a BOM. */
  restart(): void {
    this.oversized = undefined;
    this.release();
    this.#eventEndedInCr = false;
    this.#atStart = true;
  }

  /**
   * Passes on every frame that `chunk` completes, in order.
   *
   * @throws SseProxyError `ERR_SSE_EVENT_TOO_LARGE` if an event is unfinished at 64 × `maxEventBytes`. The frames
   * before it have been passed on.
   */
  push(chunk: Buffer): void {
    if (chunk.length === 0) return;
    let input = chunk;
    if (this.#atStart) {
      const rest = this.#withoutBom(chunk);
      if (rest === undefined) return;
      input = rest;
    }
    // Almost every upstream ends lines in LF: one search decides whether every line must be searched for CR.
    const hasCr = input.includes(CR);
    let start = 0;
    if (this.#eventEndedInCr) {
      this.#eventEndedInCr = false;
      if (input[0] === LF) {
        this.#handler.onFrame(lateLineFeed, 0, 1, 0, undefined);
        start = 1;
      }
    }
    if (this.oversized) start = this.#discard(input, 0);
    else if (this.partial) start = this.#complete(this.partial, input, hasCr);
    else start = this.#emitEmptyLines(input, start);
    while (start < input.length) {
      const end = this.findEnd(input, start, hasCr);
      if ((end === -1 ? input.length : end) - start > this.#bounds.maxEventBytes) {
        start = this.#discard(input, start);
      } else if (end === -1) {
        this.#hold(input, start, input.length);
        return;
      } else {
        this.#emit(input, start, end);
        start = end;
      }
    }
    if (hasCr && !this.partial && !this.oversized) this.#eventEndedInCr = input[input.length - 1] === CR;
  }

  // An empty line at the start of a chunk is a frame with a buffer of its own: a writer may have to drop it, see
  // `isStray`.
  #emitEmptyLines(input: Buffer, from: number): number {
    let start = from;
    while (input[start] === LF || input[start] === CR) {
      const end = start + (input[start] === CR && input[start + 1] === LF ? 2 : 1);
      this.#handler.onFrame(Buffer.from(input.subarray(start, end)), 0, end - start, 0, undefined);
      start = end;
    }
    return start;
  }

  /** Completes the frame with the beginning of `input`; returns the offset of the rest. */
  #complete(partial: PartialFrame, input: Buffer, hasCr: boolean): number {
    const end = this.findEnd(input, 0, hasCr);
    const part = end === -1 ? input.length : end;
    if (partial.length + part > this.#bounds.maxEventBytes) return this.#discard(input, 0);
    partial.append(input, 0, part);
    if (end === -1) return part;
    const whole = partial.bytes;
    this.readLines(whole);
    this.#emit(whole, 0, whole.length);
    return end;
  }

  /** Continues to read the oversized event without storing it; returns the offset of the rest. */
  #discard(input: Buffer, start: number): number {
    if (!this.oversized) {
      this.oversized = new OversizedEvent(this.#bounds);
      if (this.partial) this.oversized.push(this.partial.bytes, 0, this.partial.length);
      this.release();
    }
    const end = this.oversized.push(input, start, input.length);
    if (end === -1) return input.length;
    const event = this.oversized;
    this.oversized = undefined;
    if (event.id !== undefined) {
      this.showsIds = true;
      this.showsLife = true;
    }
    this.#handler.onOversizedEvent(event);
    return end;
  }

  #emit(buffer: Buffer, start: number, end: number): void {
    const events = this.hasData ? 1 : 0;
    const { idStart, idEnd } = this;
    const { maxIdBytes, maxRetryMs } = this.#bounds;
    const hasLongId = idStart >= 0 && idEnd - idStart > maxIdBytes;
    const retryMs = this.frameRetryMs;
    let id: FrameId | undefined;
    if (idStart >= 0) {
      this.showsLife = true;
      this.showsIds = true;
      id = hasLongId ? unusableId : readId(buffer, idStart, idEnd);
    }
    if (retryMs !== undefined) this.retryMs = Math.min(retryMs, maxRetryMs);
    this.release();
    if (hasLongId || (retryMs !== undefined && retryMs > maxRetryMs)) {
      const edited = editFrame(buffer.subarray(start, end), hasLongId, this.#bounds);
      this.#handler.onFrame(edited, 0, edited.length, events, id);
    } else this.#handler.onFrame(buffer, start, end, events, id);
  }

  #hold(input: Buffer, start: number, end: number): void {
    this.partial = new PartialFrame(this.#bounds.maxEventBytes);
    this.partial.append(input, start, end);
  }

  // [spec] "One leading U+FEFF BYTE ORDER MARK character must be ignored if any are present." It may arrive in pieces.
  #withoutBom(chunk: Buffer): Buffer | undefined {
    const head = this.partial ? Buffer.concat([this.partial.bytes, chunk]) : chunk;
    this.partial = undefined;
    let matched = 0;
    while (matched < BOM.length && head[matched] === BOM[matched]) matched++;
    if (matched < BOM.length && matched === head.length) {
      this.#hold(head, 0, head.length);
      return undefined;
    }
    this.#atStart = false;
    return matched === BOM.length ? head.subarray(BOM.length) : head;
  }
}
