import { CR, LF, lateLineFeed } from '../sse/fields.ts';

/** The last three bytes of a stream in one number, the last byte lowest. {@link isStray} needs no more. */
export type Tail = number;

/** The tail of a stream in which nothing is unfinished. */
export const blankTail: Tail = (LF << 8) | LF;

/** The tail after `bytes`. `before` is the previous tail: `bytes` may be shorter than a tail. */
export function tailOf(bytes: Buffer, before: Tail): Tail {
  const { length } = bytes;
  if (length > 2)
    return ((bytes[length - 3] as number) << 16) | ((bytes[length - 2] as number) << 8) | (bytes[length - 1] as number);
  let tail = before;
  for (const byte of bytes) tail = ((tail & 0xffff) << 8) | byte;
  return tail;
}

/** True if the tail is a CR whose LF may follow. After two CRs line ends are lone CRs. */
export function isHalfCrlf(tail: Tail): boolean {
  return (tail & 0xff) === CR && ((tail >> 8) & 0xff) !== CR;
}

/**
 * True for a line end whose frame was not sent to this browser: the comment or the event to which it belongs went only
 * to other browsers, or was changed or dropped. Some clients dispatch a message at every empty line [R28]. `frame` has
 * one or two bytes.
 */
export function isStray(frame: Buffer, tail: Tail): boolean {
  if (frame === lateLineFeed) return (tail & 0xff) !== CR;
  if (frame[0] !== LF && frame[0] !== CR) return false;
  const last = tail & 0xff;
  const lineBefore = last === LF && ((tail >> 8) & 0xff) === CR ? (tail >> 16) & 0xff : (tail >> 8) & 0xff;
  return isLineEnd(last) && isLineEnd(lineBefore);
}

function isLineEnd(byte: number): boolean {
  return byte === LF || byte === CR;
}
