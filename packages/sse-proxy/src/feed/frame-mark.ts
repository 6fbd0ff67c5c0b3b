import { CR, type FrameId, LF } from '../sse/fields.ts';
import { Digest } from './digest.ts';

/** Length of a frame's mark: two numbers are the digest of its content, and two that of its id, or 0 without an id. */
export const markWidth = 4;

const digest = new Digest();

/** Sets the mark at `slot` to that of a frame. */
export function writeMark(
  marks: Uint32Array,
  slot: number,
  buffer: Buffer,
  start: number,
  end: number,
  id: FrameId | undefined,
): void {
  digestContent(buffer, start, end);
  setMark(marks, slot, digest.high, digest.low, id);
}

/** The same for a frame of whose content only the digest is known. */
export function setMark(marks: Uint32Array, slot: number, high: number, low: number, id: FrameId | undefined): void {
  marks[slot] = high;
  marks[slot + 1] = low;
  if (id === undefined) {
    marks[slot + 2] = 0;
    marks[slot + 3] = 0;
  } else {
    digest.ofId(id);
    marks[slot + 2] = digest.high;
    marks[slot + 3] = digest.low;
  }
}

/** The digest of a frame's content as text. */
export function contentDigest(buffer: Buffer, start: number, end: number): string {
  digestContent(buffer, start, end);
  return `${digest.high}.${digest.low}`;
}

/** The digest of an id as text. */
export function idDigest(id: string): string {
  digest.ofId(id);
  return `${digest.high}.${digest.low}`;
}

// Whether the LF of the last CRLF belongs to a frame depends on the chunks it arrived in: final line ends don't count.
function digestContent(buffer: Buffer, start: number, end: number): void {
  let last = end;
  while (last > start && (buffer[last - 1] === LF || buffer[last - 1] === CR)) last--;
  digest.ofBytes(buffer, start, last);
}
