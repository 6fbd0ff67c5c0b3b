import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, run } from '../../packages/support/run.ts';

/** A rule, row or input, as tests cite it: `[R20]`, `[row 28]`, `[input 12]`. */
export type Citation = string;

export interface Contract {
  /** Everything that can be cited. */
  defined: Set<Citation>;
  /** What no test can show yet. */
  notBuilt: Set<Citation>;
}

const citation = /\[(?:R\d+|row \d+[a-z]?|input \d+)\]/g;

/** One or more citations, and the quote that ends the title behind them. */
const endOfTitle = new RegExp(`((?:${citation.source} ?)+)(?<! )['"\`]`, 'g');

/**
 * Brackets that begin like a citation: with R, rule, row, fault or input, in any case, singular or plural, and a digit.
 */
const bracketOfNumbers = /(?<!\\)\[\s*(?:R\s?\d|(?:rows?|rules?|faults?|inputs?)\s+R?\d)[^\]\n]*\]?/gi;

/** Reads docs/contract.md: rules are paragraphs, rows and inputs are table rows. */
export function readContract(text: string): Contract {
  const [body = '', notBuilt = ''] = text.split('## Not built yet');
  const defined = new Set<Citation>();
  for (const [, rule] of body.matchAll(/^\*\*(R\d+)\*\* /gm)) defined.add(`[${rule}]`);
  let table = '';
  for (const line of body.split('\n')) {
    const [, first = ''] = /^\| ([^|]+) \|/.exec(line) ?? [];
    if (first === 'row' || first === 'input') table = first;
    else if (/^\d+[a-z]?$/.test(first)) defined.add(`[${table} ${first}]`);
  }
  return { defined, notBuilt: new Set(notBuilt.match(citation)) };
}

/** Citations of a file, with the line that each stands in. */
export function citationsIn(text: string): { cited: Citation; line: number }[] {
  return text
    .split('\n')
    .flatMap((line, index) => (line.match(citation) ?? []).map((cited) => ({ cited, line: index + 1 })));
}

/**
 * What the tests of a `*.test.ts` show: the citations that end a title, or the part of one in a table of cases.
 * Comments don't count, nor do other strings.
 */
export function shownBy(testFile: string): Set<Citation> {
  const code = testFile.replace(/^\s*(?:\/\/|\/?\*).*$|\s\/\/ .*$/gm, '');
  return new Set([...code.matchAll(endOfTitle)].flatMap(([, cited = '']) => cited.match(citation) ?? []));
}

/** Brackets that look like a citation but are none, such as `[R20, R21]`, `[rule 20]` or `[r20]`, with their lines. */
export function malformedIn(text: string): { found: string; line: number }[] {
  const exact = new RegExp(`^${citation.source}$`);
  return text
    .split('\n')
    .flatMap((line, index) =>
      (line.match(bracketOfNumbers) ?? []).filter((it) => !exact.test(it)).map((found) => ({ found, line: index + 1 })),
    );
}

/** Path → text of every source and documentation file that git tracks. */
export async function trackedTexts(): Promise<Map<string, string>> {
  const list = await run(root, 'git', 'ls-files', '*.ts', '*.tsx', '*.mjs', '*.md');
  const files = list
    .trim()
    .split('\n')
    .filter((file) => file !== 'docs/contract.md');
  return new Map(files.map((file) => [file, readFileSync(join(root, file), 'utf8')]));
}
