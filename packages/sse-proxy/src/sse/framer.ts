import { editFrame } from './edit-frame.ts';
import {
  COLON,
  CR,
  endOfLine,
  type FrameId,
  hasNull,
  isField,
  LF,
  lateLineFeed,
  readId,
  unusableId,
  valueStart,
} from './fields.ts';
import { OversizedEvent } from './oversized-event.ts';

const BOM = [0xef, 0xbb, 0xbf] as const;
const nothing = Buffer.alloc(0);
const retryName = Buffer.from('retry');

/** Bounds of what a {@link Framer} passes on. */
export interface FramerBounds {
  /** Largest event, in bytes. A larger one is discarded as it arrives. */
  readonly maxEventBytes: number;
  /** Longest id, in bytes. A longer one is cut from its event. */
  readonly maxIdBytes: number;
  /** Largest `retry:`, in milliseconds. A larger one is replaced by this. */
  readonly maxRetryMs: number;
}

/** The stage after the framer. */
export interface FrameHandler {
  /** Receives one whole frame, as `EventHandler.onFrames` does. */
  onFrame(source: Buffer, start: number, end: number, events: number, id: FrameId | undefined): void;
  /** An event that exceeded `maxEventBytes` has ended; nothing of it was passed on. */
  onOversizedEvent(event: OversizedEvent): void;
}

/**
 * Splits the bytes of one upstream connection into whole frames: events, and comments and `retry:` lines between them.
 *
 * [spec] https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
 * A frame within one chunk is passed on as a slice of it; only a frame that spans chunks is copied, once. A frame that is
 * incomplete at the end of a connection is never passed on.
 *
 * A comment or `retry:` line that precedes an event's other fields is a frame of its own, since a proxy or an upstream may
 * put it there on one connection and not on the next: the event must be the same bytes on both.
 */
export class Framer {
  /** The last valid `retry:` of the upstream, in milliseconds. */
  retryMs: number | undefined;
  /** True once the upstream has sent an id or a comment. Only then does the default idle timeout apply. */
  showsLife = false;
  /** True once the upstream has sent an id. */
  showsIds = false;
  /** The unfinished event that exceeds `maxEventBytes`; undefined if there is none. */
  oversized: OversizedEvent | undefined;

  readonly #handler: FrameHandler;
  readonly #bounds: FramerBounds;

  // The unfinished frame, and the scanner's state at its end.
  #held: Buffer = nothing;
  #heldBytes = 0;
  #inLine = false;
  #isComment = false;
  /** True after the first line of an event: what follows belongs to it, up to an empty line. */
  #inEvent = false;
  /** True if the frame ended with the CR of a line; an LF may follow. */
  #afterCr = false;
  /** True if the last chunk ended with the CR that ended an event: its LF may follow. */
  #eventEndedInCr = false;
  #atStart = true;

  // The fields of the current frame as read so far. The id is kept as byte offsets into the source buffer.
  #hasData = false;
  #idStart = -1;
  #idEnd = -1;
  #retryMs: number | undefined;

  constructor(handler: FrameHandler, bounds: FramerBounds) {
    this.#handler = handler;
    this.#bounds = bounds;
  }

  /** Bytes of the unfinished frame. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** A new upstream connection begins: discards the unfinished frame and expects a BOM. */
  restart(): void {
    this.oversized = undefined;
    this.#release();
    this.#eventEndedInCr = false;
    this.#atStart = true;
  }

  /**
   * Passes on every frame that `chunk` completes, in order.
   *
   * @throws SseProxyError `ERR_SSE_EVENT_TOO_LARGE` if an event is unfinished at 64 × `maxEventBytes`. The frames before it
   * have been passed on.
   */
  push(chunk: Buffer): void {
    if (chunk.length === 0) return;
    let input = chunk;
    if (this.#atStart) {
      const rest = this.#withoutBom(chunk);
      if (rest === undefined) return;
      input = rest;
    }
    // Almost every upstream ends lines in LF: one search tells whether CR must be looked for at all.
    const hasCr = input.includes(CR);
    let start = 0;
    if (this.#eventEndedInCr) {
      this.#eventEndedInCr = false;
      if (input[0] === LF) {
        this.#handler.onFrame(lateLineFeed, 0, 1, 0, undefined);
        start = 1;
      }
    }
    if (this.#heldBytes === 0 && !this.oversized) start = this.#emitEmptyLines(input, start);
    if (this.oversized) start = this.#discard(input, 0);
    else if (this.#heldBytes > 0) start = this.#completeHeld(input, hasCr);
    while (start < input.length) {
      const end = this.#findEnd(input, start, hasCr);
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
    if (hasCr && this.#heldBytes === 0 && !this.oversized) this.#eventEndedInCr = input[input.length - 1] === CR;
  }

  // At the start of a chunk each is a frame with a buffer of its own: a writer may have to drop it, see `isStray`.
  #emitEmptyLines(input: Buffer, from: number): number {
    let start = from;
    while (input[start] === LF || input[start] === CR) {
      const end = start + (input[start] === CR && input[start + 1] === LF ? 2 : 1);
      this.#handler.onFrame(Buffer.from(input.subarray(start, end)), 0, end - start, 0, undefined);
      start = end;
    }
    return start;
  }

  /** Completes the held frame with the beginning of `input`; returns the offset of the rest. */
  #completeHeld(input: Buffer, hasCr: boolean): number {
    const end = this.#findEnd(input, 0, hasCr);
    const part = end === -1 ? input.length : end;
    if (this.#heldBytes + part > this.#bounds.maxEventBytes) return this.#discard(input, 0);
    this.#hold(input, 0, part);
    if (end === -1) return part;
    const whole = this.#held.subarray(0, this.#heldBytes);
    this.#readLines(whole);
    this.#emit(whole, 0, whole.length);
    return end;
  }

  /** Reads the oversized event on, without storing it; returns the offset of the rest. */
  #discard(input: Buffer, start: number): number {
    if (!this.oversized) {
      this.oversized = new OversizedEvent(this.#bounds);
      this.oversized.push(this.#held, 0, this.#heldBytes);
      this.#release();
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

  #emit(source: Buffer, start: number, end: number): void {
    const events = this.#hasData ? 1 : 0;
    const idStart = this.#idStart;
    const { maxIdBytes, maxRetryMs } = this.#bounds;
    const hasLongId = idStart >= 0 && this.#idEnd - idStart > maxIdBytes;
    const retryMs = this.#retryMs;
    let id: FrameId | undefined;
    if (idStart >= 0) {
      this.showsLife = true;
      this.showsIds = true;
      id = hasLongId ? unusableId : readId(source, idStart, this.#idEnd);
    }
    if (retryMs !== undefined) this.retryMs = Math.min(retryMs, maxRetryMs);
    this.#release();
    if (hasLongId || (retryMs !== undefined && retryMs > maxRetryMs)) {
      const edited = editFrame(source.subarray(start, end), hasLongId, this.#bounds);
      this.#handler.onFrame(edited, 0, edited.length, events, id);
    } else this.#handler.onFrame(source, start, end, events, id);
  }

  #release(): void {
    if (this.#heldBytes > 0) this.#held = nothing;
    this.#heldBytes = 0;
    this.#inLine = false;
    this.#isComment = false;
    this.#inEvent = false;
    this.#afterCr = false;
    this.#forgetFields();
  }

  #forgetFields(): void {
    this.#hasData = false;
    this.#idStart = -1;
    this.#retryMs = undefined;
  }

  // Grows by doubling: an upstream that sends single bytes costs one copy per byte, not one buffer per byte.
  #hold(input: Buffer, start: number, end: number): void {
    const needed = this.#heldBytes + end - start;
    if (needed > this.#held.length) {
      const doubled = Math.min(this.#held.length * 2, this.#bounds.maxEventBytes);
      const grown = Buffer.allocUnsafeSlow(Math.max(needed, doubled, 256));
      this.#held.copy(grown, 0, 0, this.#heldBytes);
      this.#held = grown;
    }
    input.copy(this.#held, this.#heldBytes, start, end);
    this.#heldBytes = needed;
  }

  /**
   * The offset after the current frame, or -1 if it continues in the next chunk. Reads the lines that it finds; those of
   * a frame that spans chunks are read again when it is whole.
   */
  #findEnd(input: Buffer, from: number, hasCr: boolean): number {
    let i = from;
    if (this.#afterCr) {
      this.#afterCr = false;
      if (input[i] === LF) i++;
      if (!this.#inEvent) return i;
    }
    while (i < input.length) {
      if (!this.#inLine) {
        const first = input[i];
        if (first === LF) return i + 1;
        if (first === CR) return i + 1 < input.length && input[i + 1] === LF ? i + 2 : i + 1;
        this.#inLine = true;
        this.#isComment = first === COLON;
        if (this.#isComment) this.showsLife = true;
      }
      const end = endOfLine(input, i, hasCr);
      if (end === -1) return -1;
      this.#inLine = false;
      if (!this.#inEvent) this.#inEvent = !this.#isComment && !this.#isRetryLine(input, i, end);
      if (this.#heldBytes === 0) this.#readLine(input, i, end);
      i = end + 1;
      if (input[end] === CR) {
        if (i === input.length) {
          this.#afterCr = true;
          return -1;
        }
        if (input[i] === LF) i++;
      }
      if (!this.#inEvent) return i;
    }
    return -1;
  }

  /** True if the first line of a frame, which may begin in the held bytes, is a `retry:` line. */
  #isRetryLine(input: Buffer, start: number, end: number): boolean {
    if (this.#heldBytes === 0) return isField(input, start, end, 'retry');
    // All of the held bytes belong to this line, whose rest is at the beginning of the input.
    const held = this.#heldBytes;
    if (held + end < retryName.length) return false;
    for (let at = 0; at < retryName.length; at++)
      if ((at < held ? this.#held[at] : input[at - held]) !== retryName[at]) return false;
    const after = retryName.length < held ? this.#held[retryName.length] : input[retryName.length - held];
    return held + end === retryName.length || after === COLON;
  }

  #readLines(whole: Buffer): void {
    this.#forgetFields();
    const hasCr = whole.includes(CR);
    for (let line = 0; line < whole.length; ) {
      const lineEnd = endOfLine(whole, line, hasCr);
      this.#readLine(whole, line, lineEnd);
      line = lineEnd + (whole[lineEnd] === CR && whole[lineEnd + 1] === LF ? 2 : 1);
    }
  }

  /** Reads the fields that the proxy needs: data (is it an event?), id and retry. */
  #readLine(source: Buffer, line: number, lineEnd: number): void {
    if (isField(source, line, lineEnd, 'data')) this.#hasData = true;
    else if (isField(source, line, lineEnd, 'id')) {
      const start = valueStart(source, line + 2, lineEnd);
      // [spec] an id with U+0000 NULL is ignored; an empty one resets the last event ID.
      if (hasNull(source, start, lineEnd)) return;
      this.#idStart = start;
      this.#idEnd = lineEnd;
    } else if (isField(source, line, lineEnd, 'retry')) {
      const value = source.toString('latin1', valueStart(source, line + 5, lineEnd), lineEnd);
      // [spec] "If the field value consists of only ASCII digits"
      if (/^[0-9]+$/.test(value)) this.#retryMs = Number(value);
    }
  }

  // [spec] "One leading U+FEFF BYTE ORDER MARK character must be ignored if any are present." It may arrive in pieces.
  #withoutBom(chunk: Buffer): Buffer | undefined {
    const head = this.#heldBytes > 0 ? Buffer.concat([this.#held.subarray(0, this.#heldBytes), chunk]) : chunk;
    this.#heldBytes = 0;
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
