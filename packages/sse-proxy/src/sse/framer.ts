import { SseProxyError } from '../errors.ts';
import type { EventHandler } from './event-handler.ts';
import { endOfLine, hasNull, isField, valueStart } from './fields.ts';

const LF = 0x0a;
const CR = 0x0d;
const COLON = 0x3a;
const BOM = [0xef, 0xbb, 0xbf] as const;
const NOTHING = Buffer.alloc(0);

/** The stage after the framer. */
export type FrameHandler = Pick<EventHandler, 'onFrames'>;

/**
 * Cuts the bytes of one upstream connection into whole events, without changing a byte.
 *
 * [spec] https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
 * Events that lie within one chunk are handed on as slices of it; only an event that spans chunks is copied, once.
 * What is cut off at the end of a connection is never handed on.
 */
export class Framer {
  /** The last valid `retry:` of the upstream, in milliseconds. */
  retryMs: number | undefined;
  /** Whether the upstream has shown, by an id or a comment, that silence can be told from an end. */
  showsLife = false;

  readonly #handler: FrameHandler;
  readonly #maxEventBytes: number;

  // The event that is not whole yet, and how far into it the scan has come.
  #held: Buffer = NOTHING;
  #heldBytes = 0;
  #inLine = false;
  #hasFields = false;
  #afterCr = false;
  #atStart = true;

  // The fields of the current event, as far as its lines have been read; they count once it is whole. Of the id it is
  // known where it lies.
  #hasData = false;
  #idStart = -1;
  #idEnd = -1;
  #retryMs: number | undefined;

  constructor(handler: FrameHandler, maxEventBytes: number) {
    this.#handler = handler;
    this.#maxEventBytes = maxEventBytes;
  }

  /** Bytes held back because their event is not whole yet. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** A new upstream connection begins: forgets the cut-off event, keeps the id. A BOM may come again. */
  restart(): void {
    this.#release();
    this.#atStart = true;
  }

  /**
   * Hands on every event that `chunk` completes, in order.
   *
   * @throws SseProxyError `ERR_SSE_EVENT_TOO_LARGE` once an event exceeds `maxEventBytes`; what was whole before
   * it has been handed on.
   */
  push(chunk: Buffer): void {
    if (chunk.length === 0) return;
    let input = chunk;
    if (this.#atStart) {
      const rest = this.#withoutBom(chunk);
      if (rest === undefined) return;
      input = rest;
    }
    // One search tells whether CR has to be looked for at all: almost every upstream ends lines in LF.
    const hasCr = input.includes(CR);
    let start = this.#heldBytes > 0 ? this.#completeHeld(input, hasCr) : 0;
    while (start < input.length) {
      const end = this.#findEnd(input, start, hasCr);
      if (end === -1) {
        this.#hold(input, start, input.length);
        return;
      }
      this.#checkSize(end - start);
      this.#emit(input, start, end);
      start = end;
    }
  }

  /** Finishes the held event with the head of `input`; returns where the rest begins. */
  #completeHeld(input: Buffer, hasCr: boolean): number {
    const end = this.#findEnd(input, 0, hasCr);
    this.#hold(input, 0, end === -1 ? input.length : end);
    if (end === -1) return input.length;
    const whole = this.#held.subarray(0, this.#heldBytes);
    this.#readLines(whole);
    this.#emit(whole, 0, whole.length);
    return end;
  }

  #emit(source: Buffer, start: number, end: number): void {
    const events = this.#hasData ? 1 : 0;
    const id = this.#idStart < 0 ? undefined : source.toString('latin1', this.#idStart, this.#idEnd);
    if (id !== undefined) this.showsLife = true;
    if (this.#retryMs !== undefined) this.retryMs = this.#retryMs;
    this.#release();
    this.#handler.onFrames(source, start, end, events, id);
  }

  #release(): void {
    if (this.#heldBytes > 0) this.#held = NOTHING;
    this.#heldBytes = 0;
    this.#inLine = false;
    this.#hasFields = false;
    this.#afterCr = false;
    this.#forgetFields();
  }

  #forgetFields(): void {
    this.#hasData = false;
    this.#idStart = -1;
    this.#retryMs = undefined;
  }

  // Grows by doubling, so that an upstream that dribbles single bytes costs a copy a byte and not a buffer a byte.
  #hold(input: Buffer, start: number, end: number): void {
    const needed = this.#heldBytes + end - start;
    this.#checkSize(needed);
    if (needed > this.#held.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(needed, Math.min(this.#held.length * 2, this.#maxEventBytes), 256));
      this.#held.copy(grown, 0, 0, this.#heldBytes);
      this.#held = grown;
    }
    input.copy(this.#held, this.#heldBytes, start, end);
    this.#heldBytes = needed;
  }

  #checkSize(bytes: number): void {
    if (bytes > this.#maxEventBytes) {
      throw new SseProxyError('ERR_SSE_EVENT_TOO_LARGE', {
        message: `an upstream event exceeds maxEventBytes (${this.#maxEventBytes}): ${bytes} bytes and not at its end`,
      });
    }
  }

  /**
   * Where the current event ends (the offset after its empty line), or -1 if it goes on in the next chunk.
   * A comment before any field ends by itself: it is a heartbeat and should not wait for an empty line.
   * Lines are read as they are found; those of an event that spans chunks are read again when it is whole.
   */
  #findEnd(input: Buffer, from: number, hasCr: boolean): number {
    let i = from;
    if (this.#afterCr) {
      this.#afterCr = false;
      if (input[i] === LF) i++;
      if (!this.#hasFields) return i;
    }
    while (i < input.length) {
      if (!this.#inLine) {
        const first = input[i];
        if (first === LF) return i + 1;
        if (first === CR) {
          if (i + 1 < input.length) return input[i + 1] === LF ? i + 2 : i + 1;
          // An LF that completes the CRLF may be the next byte; it then passes by itself, as an empty line.
          return i + 1;
        }
        this.#inLine = true;
        if (first === COLON) this.showsLife = true;
        else this.#hasFields = true;
      }
      const end = endOfLine(input, i, hasCr);
      if (end === -1) return -1;
      this.#inLine = false;
      if (this.#hasFields && this.#heldBytes === 0) this.#readLine(input, i, end);
      i = end + 1;
      if (input[end] === CR) {
        if (i === input.length) {
          this.#afterCr = true;
          return -1;
        }
        if (input[i] === LF) i++;
      }
      if (!this.#hasFields) return i;
    }
    return -1;
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

  /** Reads the fields that matter here: whether a browser would dispatch the event, and what it has to know. */
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
      // [spec] "If the field value consists of only ASCII digits"; how long a wait it may cause is its user's to bound.
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
