import { SseProxyError } from '../../errors.ts';
import { ChunkGrammar, hexDigit } from './chunk-grammar.ts';

const LF = 0x0a;
const CR = 0x0d;
/** Sizes with more digits are left to {@link ChunkGrammar}; this many always make an exact number. */
const maxFastDigits = 12;

/**
 * Removes the chunked coding from the body of one response. [spec] RFC 9112 §7.1
 *
 * Bytes that break the grammar are an error, never guessed at: a lenient reading could turn framing into an event that
 * the upstream never sent. Chunk extensions and trailer fields are checked and discarded.
 */
export class ChunkedDecoder {
  /** True once the last chunk and the trailer section have been read. Bytes after them are not part of the response. */
  over = false;
  /** `ERR_SSE_UPSTREAM_BROKEN` once the grammar was broken. Nothing after the fault is decoded. */
  error: SseProxyError | undefined;

  /**
   * Reads the current size line or the trailer section; undefined while nothing of either has been read byte by byte.
   */
  #grammar: ChunkGrammar | undefined;
  #place: 'framing' | 'data' | 'data-cr' | 'data-lf' = 'framing';
  /** Bytes of the current chunk's data that are still to come. */
  #left = 0;

  /**
   * Returns the body's bytes within `bytes[from…to)`, moved together in place; undefined if there are none. The result
   * is a slice of `bytes`, and valid only as long as they are.
   */
  decode(bytes: Buffer, from: number, to: number): Buffer | undefined {
    let start = 0;
    let end = 0;
    let at = from;
    while (at < to && !this.over && !this.error) {
      if (this.#place === 'framing' && !this.#grammar) at = this.#readSize(bytes, at, to);
      if (this.#place !== 'data') {
        this.#step(bytes[at++] as number);
        continue;
      }
      const next = Math.min(to, at + this.#left);
      this.#left -= next - at;
      // Usually there is one chunk, which then needs no move.
      if (end === 0) start = at;
      else bytes.copyWithin(end, at, next);
      end = end === 0 ? next : end + next - at;
      at = next;
      if (this.#left > 0) break;
      if (at + 1 < to && bytes[at] === CR && bytes[at + 1] === LF) {
        this.#place = 'framing';
        at += 2;
      } else this.#place = 'data-cr';
    }
    return end > start ? bytes.subarray(start, end) : undefined;
  }

  /**
   * Fast path for the usual size line: only digits and CRLF, all in `bytes`, not the last chunk. Returns the offset of
   * the chunk's data, or `from` if the line has to be read byte by byte.
   */
  #readSize(bytes: Buffer, from: number, to: number): number {
    let size = 0;
    let at = from;
    for (let digit = hexDigit(bytes[at]); digit >= 0 && at < to; digit = hexDigit(bytes[++at]))
      size = size * 16 + digit;
    if (size === 0 || at - from > maxFastDigits || at + 1 >= to || bytes[at] !== CR || bytes[at + 1] !== LF)
      return from;
    this.#left = size;
    this.#place = 'data';
    return at + 2;
  }

  #step(byte: number): void {
    switch (this.#place) {
      case 'data-cr':
        if (byte !== CR) return this.#fail('a chunk that is longer than its size');
        this.#place = 'data-lf';
        return;
      case 'data-lf':
        if (byte !== LF) return this.#fail('a CR without LF after a chunk');
        this.#place = 'framing';
        return;
      default:
        return this.#stepFraming(byte);
    }
  }

  #stepFraming(byte: number): void {
    this.#grammar ??= new ChunkGrammar();
    const step = this.#grammar.step(byte);
    if (step === 'more') return;
    if (step === 'last') this.over = true;
    else if (step === 'chunk') {
      this.#left = this.#grammar.size;
      this.#grammar = undefined;
      this.#place = 'data';
    } else this.#fail(step.error);
  }

  #fail(what: string): void {
    const message = `the upstream broke the chunked coding: ${what}`;
    this.error = new SseProxyError('ERR_SSE_UPSTREAM_BROKEN', { message });
  }
}
