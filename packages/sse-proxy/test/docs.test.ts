import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { defaults } from '../src/config/defaults.ts';
import { optionNames } from '../src/config/option-table.ts';
import { readOptions } from '../src/config/options.ts';

const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8');

describe('the documentation', () => {
  it('docs/errors.md has a heading for every error code, and no other', () => {
    const codes = [...read('../src/errors.ts').matchAll(/^ {2}(ERR_SSE_\w+):/gm)].map((match) => match[1]);
    const headings = [...read('../../../docs/errors.md').matchAll(/^### (ERR_SSE_\w+)$/gm)].map((match) => match[1]);
    expect(codes).to.not.be.empty;
    expect(headings.toSorted()).to.deep.equal(codes.toSorted());
  });

  it('the README has a row for every option, and no other', () => {
    const rows = [...read('../README.md').matchAll(/^\| (`\w+`(?:, `\w+`)*) \|/gm)];
    const documented = rows.flatMap((row) => [...row[1]!.matchAll(/`(\w+)`/g)].map((match) => match[1]));
    expect(documented.toSorted()).to.deep.equal(optionNames.toSorted());
  });

  it('the types explain every reason of an end and of a gap', () => {
    const types = read('../src/types/stream.ts');
    for (const name of ['CloseReason', 'GapReason']) {
      const [, comment = '', union = ''] =
        new RegExp(`/\\*\\*((?:(?!\\*/)[^])*)\\*/\\nexport type ${name} =([^;]*);`).exec(types) ?? [];
      const reasons = [...union.matchAll(/'([\w-]+)'/g)].map((match) => match[1]);
      const explained = [...comment.matchAll(/^ \* - `([\w-]+)`:/gm)].map((match) => match[1]);
      expect(reasons, name).to.not.be.empty;
      expect(explained.toSorted(), name).to.deep.equal(reasons.toSorted());
    }
  });

  it('the README gives the default that the code has for each option', () => {
    const { limiter: _, ...config } = readOptions({ target: 'http://127.0.0.1:9' });
    const inCode: Record<string, unknown> = { ...config, limits: defaults.limits };
    const rows = [...read('../README.md').matchAll(/^\| `(\w+)` \| ((?:[^|]|\\\|)+) \|/gm)];
    expect(rows.map(([, name]) => name)).to.include.members([...optionNames]);
    for (const [, name = '', cell = ''] of rows) {
      if (name in withoutValue) {
        expect(cell, name).to.equal(withoutValue[name]);
        expect(name === 'target' || inCode[name] === undefined, name).to.equal(true);
      } else if (cell === 'none') {
        expect(Object.keys(inCode[name] ?? {}), name).to.deep.equal([]);
      } else {
        expect(readCell(cell), name).to.deep.equal(inCode[name]);
      }
    }
  });
});

/** The cells of options whose default is no value. */
const withoutValue: Record<string, string> = {
  target: '–',
  source: '–',
  name: "the route's path template",
  authorize: 'everybody',
  dispatcher: 'one connection per stream',
};

/** The value that a cell of the README shows: a number, a size, a word, a list of words or an object of these. */
function readCell(cell: string): unknown {
  const words = [...cell.matchAll(/`([^`]*)`(?:, |$)/g)].map(([, word = '']) => word);
  if (words.length > 1) return words;
  const text = words[0] ?? cell;
  const object = /^\{ (.*) \}$/.exec(text);
  if (object) {
    const members = object[1]!.split(', ').map((member) => member.split(': '));
    return Object.fromEntries(members.map(([key, value]) => [key, readCell(value!)]));
  }
  const size = /^([\d ]+)( MiB)?$/.exec(text);
  if (size) return Number(size[1]!.replaceAll(' ', '')) * (size[2] ? 1_048_576 : 1);
  return text === 'true' || text === 'false' ? text === 'true' : text.replace(/^'(.*)'$/, '$1');
}
