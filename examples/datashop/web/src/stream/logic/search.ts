/** What somebody looks for. */
export interface Query {
  readonly text: string;
  readonly regex: boolean;
}

export type Compiled = { pattern: RegExp; problem: null } | { pattern: null; problem: string | null };

/** More marks than a line can show help nobody. */
const maxMarks = 100;

/** Case does not count. An empty query has neither a pattern nor a problem. */
export function compile({ text, regex }: Query): Compiled {
  if (text === '') return { pattern: null, problem: null };
  try {
    return { pattern: new RegExp(regex ? text : escapeText(text), 'gim'), problem: null };
  } catch (error) {
    return { pattern: null, problem: reasonOf(error as Error) };
  }
}

export function matches(pattern: RegExp, text: string): boolean {
  // A global pattern goes on from where it stopped in another text.
  pattern.lastIndex = 0;
  return pattern.test(text);
}

/** A piece of text, and whether it was found. All pieces together are the text. */
export interface Piece {
  readonly text: string;
  readonly found: boolean;
}

export function highlight(pattern: RegExp | null, text: string): Piece[] {
  if (pattern === null) return [{ text, found: false }];
  const pieces: Piece[] = [];
  let end = 0;
  let marks = 0;
  pattern.lastIndex = 0;
  for (let match = pattern.exec(text); match !== null && marks < maxMarks; match = pattern.exec(text)) {
    const [found] = match;
    if (found === '') {
      // Nothing to mark, and the next search would find the same nothing again.
      pattern.lastIndex += 1;
      continue;
    }
    if (match.index > end) pieces.push({ text: text.slice(end, match.index), found: false });
    pieces.push({ text: found, found: true });
    end = match.index + found.length;
    marks += 1;
  }
  if (end < text.length || pieces.length === 0) pieces.push({ text: text.slice(end), found: false });
  return pieces;
}

function escapeText(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}

/** Chromium says "Invalid regular expression: /…/gim: Nothing to repeat"; only the end is of use. */
function reasonOf({ message }: Error): string {
  const reason = /^Invalid regular expression: .*\/[a-z]*: (.+)$/s.exec(message)?.[1] ?? message;
  return `This is no valid pattern: ${reason.charAt(0).toLowerCase()}${reason.slice(1)}.`;
}
