import { maxHeaderBytes } from '../../config/defaults.ts';
import { SseProxyError } from '../../errors.ts';

const LF = 0x0a;
const CR = 0x0d;
const SEMICOLON = 0x3b;
const SPACE = 0x20;
const TAB = 0x09;
/** More digits than any chunk has; all of them together are still an exact number. */
const maxSizeDigits = 12;

/** Where in the coding the next byte stands. */
type Place = 'size' | 'extension' | 'size-end' | 'data' | 'data-cr' | 'data-lf' | 'trailer' | 'trailer-lf';

/**
 * Takes the chunked coding off the body of one answer. [spec] RFC 9112 §7.1
 *
 * What doesn't follow the grammar is an error, never guessed at: of two readings, one would be an event that nobody
 * sent. Chunk extensions and trailer fields are skipped, within bounds.
 */
export class ChunkedDecoder {
  /** Whether the last chunk and the trailer section are through. What follows is not part of the answer. */
  over = false;
  /** What broke the grammar: `ERR_SSE_UPSTREAM_BROKEN`. Nothing behind it is read. */
  error: SseProxyError | undefined;

  #place: Place = 'size';
  /** The size as far as it has been read, then how much of the chunk is still to come. */
  #left = 0;
  #digits = 0;
  /** Bytes of the extensions, or of the trailer section, so far; and of its line. */
  #skipped = 0;
  #lineBytes = 0;

  /**
   * The body's bytes within `bytes[from…to)`, moved together in place; undefined if there are none. What this gives is a
   * part of `bytes`, and lives as long.
   */
  decode(bytes: Buffer, from: number, to: number): Buffer | undefined {
    let start = 0;
    let end = 0;
    let at = from;
    while (at < to && !this.over && !this.error) {
      if (this.#place === 'size' && this.#digits === 0) at = this.#skipSize(bytes, at, to);
      if (this.#place !== 'data') {
        this.#step(bytes[at++] as number);
        continue;
      }
      const next = Math.min(to, at + this.#left);
      this.#left -= next - at;
      // Mostly there is one chunk, and nothing to be moved.
      if (end === 0) start = at;
      else bytes.copyWithin(end, at, next);
      end = end === 0 ? next : end + next - at;
      at = next;
      if (this.#left > 0) break;
      if (at + 1 < to && bytes[at] === CR && bytes[at + 1] === LF) {
        this.#place = 'size';
        at += 2;
      } else this.#place = 'data-cr';
    }
    return end > start ? bytes.subarray(start, end) : undefined;
  }

  /**
   * The size line as nearly all are: digits and CRLF, all here, and not the last. Gives where its data begins, or `from`
   * if it is to be read byte by byte.
   */
  #skipSize(bytes: Buffer, from: number, to: number): number {
    let size = 0;
    let at = from;
    for (let digit = hexDigit(bytes[at]); digit >= 0 && at < to; digit = hexDigit(bytes[++at]))
      size = size * 16 + digit;
    if (size === 0 || at - from > maxSizeDigits || at + 1 >= to || bytes[at] !== CR || bytes[at + 1] !== LF)
      return from;
    this.#left = size;
    this.#place = 'data';
    return at + 2;
  }

  #step(byte: number): void {
    switch (this.#place) {
      case 'size':
        return this.#size(byte);
      case 'extension':
        if (byte === CR) this.#place = 'size-end';
        else if (byte === LF || ++this.#skipped > maxHeaderBytes) return this.#fail('a chunk extension without end');
        return;
      case 'size-end':
        if (byte !== LF) return this.#fail('a CR without LF after a chunk size');
        this.#place = this.#left > 0 ? 'data' : 'trailer';
        this.#digits = 0;
        this.#skipped = 0;
        return;
      case 'data-cr':
        if (byte !== CR) return this.#fail('a chunk that is longer than its size');
        this.#place = 'data-lf';
        return;
      case 'data-lf':
        if (byte !== LF) return this.#fail('a CR without LF after a chunk');
        this.#place = 'size';
        return;
      case 'trailer':
        if (byte === CR) this.#place = 'trailer-lf';
        else if (byte === LF || ++this.#skipped > maxHeaderBytes) return this.#fail('a trailer section without end');
        else this.#lineBytes++;
        return;
      case 'trailer-lf':
        if (byte !== LF) return this.#fail('a CR without LF in the trailer section');
        this.over = this.#lineBytes === 0;
        this.#place = 'trailer';
        this.#lineBytes = 0;
    }
  }

  #fail(what: string): void {
    const message = `the upstream broke the chunked coding: ${what}`;
    this.error = new SseProxyError('ERR_SSE_UPSTREAM_BROKEN', { message });
  }

  #size(byte: number): void {
    const digit = hexDigit(byte);
    if (digit >= 0) {
      this.#left = this.#left * 16 + digit;
      if (++this.#digits > maxSizeDigits) return this.#fail('a chunk size of too many digits');
      return;
    }
    if (this.#digits === 0) return this.#fail('no chunk size where one is due');
    if (byte === CR) this.#place = 'size-end';
    else if (byte === SEMICOLON || byte === SPACE || byte === TAB) this.#place = 'extension';
    else return this.#fail('a chunk size that is no hexadecimal number');
  }
}

/** The digit's value, or -1. */
function hexDigit(byte: number | undefined): number {
  if (byte === undefined) return -1;
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}
