const LF = 0x0a;
const CR = 0x0d;
const COLON = 0x3a;
const SPACE = 0x20;

/**
 * The frame without its last line ends, for comparing it with another. Whether the LF of the last CRLF is part of a
 * frame depends on the chunks that it came in.
 */
export function frameContent(source: Buffer, start: number, end: number): Buffer {
  let last = end;
  while (last > start && (source[last - 1] === LF || source[last - 1] === CR)) last--;
  return source.subarray(start, last);
}

/** Offset of the CR or LF that ends the line at `from`, or -1. */
export function endOfLine(buffer: Buffer, from: number, hasCr: boolean): number {
  if (!hasCr) return buffer.indexOf(LF, from);
  for (let i = from; i < buffer.length; i++) if (buffer[i] === LF || buffer[i] === CR) return i;
  return -1;
}

/** Whether the line has this field's name, up to a colon or all of it. */
export function isField(buffer: Buffer, start: number, lineEnd: number, name: string): boolean {
  const nameEnd = start + name.length;
  if (nameEnd > lineEnd) return false;
  for (let i = 0; i < name.length; i++) if (buffer[start + i] !== name.charCodeAt(i)) return false;
  return nameEnd === lineEnd || buffer[nameEnd] === COLON;
}

/** Where the field's value begins. [spec] "If value starts with a U+0020 SPACE character, remove it from value." */
export function valueStart(buffer: Buffer, nameEnd: number, lineEnd: number): number {
  return Math.min(lineEnd, buffer[nameEnd + 1] === SPACE ? nameEnd + 2 : nameEnd + 1);
}

/** Whether there is a NUL among the bytes. */
export function hasNull(buffer: Buffer, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if (buffer[i] === 0) return true;
  return false;
}
