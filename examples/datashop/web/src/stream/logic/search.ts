/** What the user searches for. */
export interface Query {
  readonly text: string;
  /** True if `text` is a regular expression, false if it is plain text. */
  readonly regex: boolean;
}

export type Compiled = { pattern: RegExp; problem: null } | { pattern: null; problem: string | null };

/** Compiles a query that ignores case. An empty query has neither a pattern nor a problem. */
export function compile({ text, regex }: Query): Compiled {
  if (text === '') return { pattern: null, problem: null };
  try {
    return { pattern: new RegExp(regex ? text : escapeText(text), 'gim'), problem: null };
  } catch (error) {
    return { pattern: null, problem: patternProblem((error as Error).message) };
  }
}

function escapeText(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}

/** Keeps the reason of a message such as "Invalid regular expression: /…/gim: Nothing to repeat". */
export function patternProblem(message: string): string {
  const reason = /^Invalid regular expression: .*\/[a-z]*: (.+)$/s.exec(message)?.[1] ?? message;
  return `Not a valid pattern: ${reason.charAt(0).toLowerCase()}${reason.slice(1)}.`;
}
