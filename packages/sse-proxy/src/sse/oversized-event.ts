import { createHash } from 'node:crypto';
import { SseProxyError } from '../errors.ts';
import { COLON, CR, endOfLine, hasNull, isField, LF, unusableId, valueStart } from './fields.ts';

/** Bounds of an {@link OversizedEvent}, in bytes; see `FramerBounds`. */
export interface OversizedBounds {
  readonly maxEventBytes: number;
  readonly maxIdBytes: number;
}

/** An event that is unfinished at this multiple of `maxEventBytes` breaks its connection. */
const maxMultiple = 64;

/** Reads a frame that exceeds `maxEventBytes` as it arrives, and stores nothing of it but its id. */
export class OversizedEvent {
  /** True if a browser would dispatch it: it has data. */
  isEvent = false;
  /** Its id as a byte string, {@link unusableId} if that is too long, undefined if it has none (yet). */
  id: string | undefined;

  readonly #bounds: OversizedBounds;
  readonly #hash = createHash('sha256');
  /** The beginning of the current line: enough for the longest usable id. */
  readonly #lineHead: Buffer;
  #lineBytes = 0;
  #bytes = 0;
  #isFirstLine = true;
  /** A comment or `retry:` line that precedes an event is a frame of its own and ends with its line. */
  #endsWithLine = false;
  #afterCr = false;

  constructor(bounds: OversizedBounds) {
    this.#bounds = bounds;
    this.#lineHead = Buffer.allocUnsafeSlow(bounds.maxIdBytes + 'id: '.length + 1);
  }

  /** True while it is a comment: nothing is lost with it. */
  get isComment(): boolean {
    return this.#isFirstLine && this.#lineHead[0] === COLON;
  }

  /** Identifies the content; the same for every chunking. Call it once, after the event has ended. */
  digest(): Buffer {
    return this.#hash.digest();
  }

  /**
   * Reads `input` from `from` to `to`. Returns the offset after the event, or -1 if it continues in the next chunk.
   *
   * @throws SseProxyError `ERR_SSE_EVENT_TOO_LARGE` if the event is unfinished at 64 × `maxEventBytes`.
   */
  push(input: Buffer, from: number, to: number): number {
    let at = from;
    if (this.#afterCr) {
      this.#afterCr = false;
      if (input[at] === LF) at++;
      if (this.#endsWithLine) return at;
    }
    const hasCr = input.includes(CR);
    while (at < to) {
      const first = input[at];
      if (this.#lineBytes === 0 && (first === LF || first === CR)) return afterLineEnd(input, at, to);
      const found = endOfLine(input, at, hasCr);
      const end = found === -1 ? to : Math.min(found, to);
      this.#readPart(input, at, end);
      at = end;
      if (end === to) break;
      this.#endLine();
      at = afterLineEnd(input, end, to);
      this.#afterCr = at === to && input[end] === CR;
      if (this.#afterCr) break;
      if (this.#endsWithLine) return at;
    }
    this.#bytes += to - from;
    const { maxEventBytes } = this.#bounds;
    if (this.#bytes <= maxEventBytes * maxMultiple) return -1;
    throw new SseProxyError('ERR_SSE_EVENT_TOO_LARGE', {
      message: `an upstream event is unfinished after ${this.#bytes} bytes; maxEventBytes is ${maxEventBytes}`,
    });
  }

  #readPart(input: Buffer, start: number, end: number): void {
    this.#hash.update(input.subarray(start, end));
    if (this.#lineBytes < this.#lineHead.length) input.copy(this.#lineHead, this.#lineBytes, start, end);
    this.#lineBytes += end - start;
  }

  #endLine(): void {
    const head = this.#lineHead;
    const end = Math.min(this.#lineBytes, head.length);
    this.#hash.update('\n');
    this.#lineBytes = 0;
    if (this.#isFirstLine) this.#endsWithLine = head[0] === COLON || isField(head, 0, end, 'retry');
    this.#isFirstLine = false;
    if (isField(head, 0, end, 'data')) this.isEvent = true;
    else if (isField(head, 0, end, 'id')) {
      const start = valueStart(head, 2, end);
      if (end - start > this.#bounds.maxIdBytes) this.id = unusableId;
      else if (!hasNull(head, start, end)) this.id = head.toString('latin1', start, end);
    }
  }
}

/** The offset after the line end at `at`. */
function afterLineEnd(input: Buffer, at: number, to: number): number {
  return input[at] === CR && at + 1 < to && input[at + 1] === LF ? at + 2 : at + 1;
}
