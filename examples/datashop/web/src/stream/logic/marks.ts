/** Start and end offsets of the matches in a text, alternating and ascending. */
export type Marks = ArrayLike<number>;

export const noMarks: Marks = [];

/** A piece of text, and whether it is marked. All pieces together are the text. */
export interface Piece {
  readonly text: string;
  readonly isMarked: boolean;
}

/** Bounds the memory and the elements per line: `.` matches everywhere. */
const maxMarks = 50;

/**
 * Finds the matches of a global pattern. An empty match is a match, but leaves no mark. Never call it on the main
 * thread with a pattern of the user: the time that a regular expression takes has no bound.
 *
 * @returns null if nothing matches
 */
export function findMarks(pattern: RegExp, text: string): number[] | null {
  const marks: number[] = [];
  pattern.lastIndex = 0;
  let match = pattern.exec(text);
  if (match === null) return null;
  for (; match !== null && marks.length < 2 * maxMarks; match = pattern.exec(text)) {
    const [{ length }] = match;
    if (length === 0) {
      // The next search would find the same empty match.
      pattern.lastIndex += 1;
      continue;
    }
    marks.push(match.index, match.index + length);
  }
  return marks;
}

/**
 * Splits a part of a text into marked and unmarked pieces.
 *
 * @param offset where `part` begins in the text that the marks refer to
 */
export function markedPieces(part: string, marks: Marks, offset = 0): Piece[] {
  const pieces: Piece[] = [];
  let end = 0;
  for (let index = 0; index + 1 < marks.length; index += 2) {
    const from = Math.max(end, marks[index]! - offset);
    const to = Math.min(part.length, marks[index + 1]! - offset);
    if (to <= from) continue;
    if (from > end) pieces.push({ text: part.slice(end, from), isMarked: false });
    pieces.push({ text: part.slice(from, to), isMarked: true });
    end = to;
  }
  if (end < part.length || pieces.length === 0) pieces.push({ text: part.slice(end), isMarked: false });
  return pieces;
}
