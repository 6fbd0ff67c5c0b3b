export const LF = 0x0a;
export const CR = 0x0d;
export const COLON = 0x3a;
const SPACE = 0x20;
const ZERO = 0x30;

/** Stands for an id that is too long to be sent back. No received id equals it: ids that contain NUL are ignored. */
export const unusableId = '\0';

/**
 * An id as the framer reads it: a number if its bytes are a whole number of at most 15 digits without leading zeros,
 * which spares each event a string; otherwise a byte string.
 */
export type FrameId = string | number;

const maxExactDigits = 15;

/** The id in `buffer.subarray(start, end)`. */
export function readId(buffer: Buffer, start: number, end: number): FrameId {
  const digits = end - start;
  let number = 0;
  if (digits > 0 && digits <= maxExactDigits && (buffer[start] !== ZERO || digits === 1)) {
    for (let at = start; at < end; at++) {
      const digit = (buffer[at] as number) - ZERO;
      if (digit < 0 || digit > 9) return buffer.toString('latin1', start, end);
      number = number * 10 + digit;
    }
    return number;
  }
  return buffer.toString('latin1', start, end);
}

/** The id in the form in which {@link readId} returns it. */
export function frameId(id: string): FrameId {
  return /^(0|[1-9][0-9]{0,14})$/.test(id) ? Number(id) : id;
}

/** The LF of a CRLF whose CR ended an event in the previous chunk. Compared by identity. */
export const lateLineFeed = Buffer.from('\n');

/**
 * The frame without its final line ends, for comparing it with another. Whether the LF of the last CRLF belongs to a
 * frame depends on the chunks in which it arrived.
 */
export function frameContent(buffer: Buffer, start: number, end: number): Buffer {
  let last = end;
  while (last > start && (buffer[last - 1] === LF || buffer[last - 1] === CR)) last--;
  return buffer.subarray(start, last);
}

/** Offset of the CR or LF that ends the line at `from`, or -1. */
export function endOfLine(buffer: Buffer, from: number, hasCr: boolean): number {
  if (!hasCr) return buffer.indexOf(LF, from);
  for (let i = from; i < buffer.length; i++) if (buffer[i] === LF || buffer[i] === CR) return i;
  return -1;
}

/** True if the line is a field of this name: the name alone, or followed by a colon. */
export function isField(buffer: Buffer, start: number, lineEnd: number, name: string): boolean {
  const nameEnd = start + name.length;
  if (nameEnd > lineEnd) return false;
  for (let i = 0; i < name.length; i++) if (buffer[start + i] !== name.charCodeAt(i)) return false;
  return nameEnd === lineEnd || buffer[nameEnd] === COLON;
}

/** The offset of the field's value. [spec] "If value starts with a U+0020 SPACE character, remove it from value." */
export function valueStart(buffer: Buffer, nameEnd: number, lineEnd: number): number {
  return Math.min(lineEnd, buffer[nameEnd + 1] === SPACE ? nameEnd + 2 : nameEnd + 1);
}

/** True if the bytes contain a NUL. */
export function hasNull(buffer: Buffer, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if (buffer[i] === 0) return true;
  return false;
}
