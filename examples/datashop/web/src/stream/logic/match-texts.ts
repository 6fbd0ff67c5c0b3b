import { findMarks, type Marks } from './marks.ts';

/** The matches of one pattern in many texts, in typed arrays that cost little to send to another thread. */
export interface Matches {
  /** 1 for each text that matches, 0 for each that does not. */
  readonly hits: Uint8Array;
  /** The marks of all texts, one after the other. */
  readonly marks: Uint32Array;
  /** For each text, the end of its marks in `marks`; they begin at the end of the text before. */
  readonly ends: Uint32Array;
}

/** Matches each text. Runs in a worker, because the time that a regular expression takes has no bound. */
export function matchTexts(pattern: RegExp, texts: readonly string[]): Matches {
  const hits = new Uint8Array(texts.length);
  const ends = new Uint32Array(texts.length);
  const marks: number[] = [];
  texts.forEach((text, index) => {
    const found = findMarks(pattern, text);
    if (found !== null) {
      hits[index] = 1;
      marks.push(...found);
    }
    ends[index] = marks.length;
  });
  return { hits, marks: Uint32Array.from(marks), ends };
}

/** The marks of one of the texts. A copy: a view takes more memory, and keeps the marks of all texts. */
export function marksOf({ marks, ends }: Matches, index: number): Marks {
  return [...marks.subarray(index === 0 ? 0 : ends[index - 1], ends[index])];
}
