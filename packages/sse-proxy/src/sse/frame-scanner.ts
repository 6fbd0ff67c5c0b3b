import { COLON, CR, endOfLine, hasNull, isField, LF, valueStart } from './fields.ts';
import type { PartialFrame } from './partial-frame.ts';

/**
 * Finds where the current frame ends, and reads its fields, line by line. {@link Framer} extends it, since a second
 * object would cost every event a cache miss.
 */
export abstract class FrameScanner {
  /** True once the upstream has sent an id or a comment. Only then does the default idle timeout apply. */
  showsLife = false;

  /** The bytes of the current frame that came in earlier chunks; undefined if there are none. */
  protected partial: PartialFrame | undefined;

  // The fields of the current frame as read so far. The id is kept as byte offsets into the buffer.
  protected hasData = false;
  protected idStart = -1;
  protected idEnd = -1;
  protected frameRetryMs: number | undefined;

  #inLine = false;
  #isComment = false;
  /** True after the first line of an event: what follows belongs to it, up to an empty line. */
  #inEvent = false;
  /** True if the frame ended with the CR of a line; an LF may follow. */
  #afterCr = false;

  /**
   * The offset after the current frame, or -1 if it continues in the next chunk. Reads the fields of the lines that it
   * finds. For a frame that spans chunks, call {@link readLines} once it is whole.
   */
  protected findEnd(input: Buffer, from: number, hasCr: boolean): number {
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
      if (!this.partial) this.#readLine(input, i, end);
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

  /** True if the first line of a frame, which may begin in an earlier chunk, is a `retry:` line. */
  #isRetryLine(input: Buffer, start: number, end: number): boolean {
    // All of the earlier bytes belong to this line, whose rest is at the beginning of the input.
    return this.partial ? this.partial.isRetryLine(input, end) : isField(input, start, end, 'retry');
  }

  /** Reads the fields of a whole frame that has spanned chunks. */
  protected readLines(whole: Buffer): void {
    this.#forgetFields();
    const hasCr = whole.includes(CR);
    for (let line = 0; line < whole.length; ) {
      const lineEnd = endOfLine(whole, line, hasCr);
      this.#readLine(whole, line, lineEnd);
      line = lineEnd + (whole[lineEnd] === CR && whole[lineEnd + 1] === LF ? 2 : 1);
    }
  }

  /** Reads the fields that the proxy needs: data (is it an event?), id and retry. */
  #readLine(buffer: Buffer, line: number, lineEnd: number): void {
    if (isField(buffer, line, lineEnd, 'data')) this.hasData = true;
    else if (isField(buffer, line, lineEnd, 'id')) {
      const start = valueStart(buffer, line + 2, lineEnd);
      // [spec] an id with U+0000 NULL is ignored; an empty one resets the last event ID.
      if (hasNull(buffer, start, lineEnd)) return;
      this.idStart = start;
      this.idEnd = lineEnd;
    } else if (isField(buffer, line, lineEnd, 'retry')) {
      const value = buffer.toString('latin1', valueStart(buffer, line + 5, lineEnd), lineEnd);
      // [spec] "If the field value consists of only ASCII digits"
      if (/^[0-9]+$/.test(value)) this.frameRetryMs = Number(value);
    }
  }

  /** Discards the current frame: the next byte begins another one. */
  protected release(): void {
    this.partial = undefined;
    this.#inLine = false;
    this.#isComment = false;
    this.#inEvent = false;
    this.#afterCr = false;
    this.#forgetFields();
  }

  #forgetFields(): void {
    this.hasData = false;
    this.idStart = -1;
    this.frameRetryMs = undefined;
  }
}
