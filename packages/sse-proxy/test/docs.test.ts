import { readdirSync, readFileSync } from 'node:fs';
import { expect } from 'chai';
import { optionNames } from '../src/config/option-table.ts';

const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8');
const typeFiles = readdirSync(new URL('../src/types/', import.meta.url)).map((name) => `types/${name}`);

describe('the documentation', () => {
  it('has a heading for every error code, and no other', () => {
    const codes = [...read('../src/errors.ts').matchAll(/^ {2}(ERR_SSE_\w+):/gm)].map((match) => match[1]);
    const headings = [...read('../../../docs/errors.md').matchAll(/^### (ERR_SSE_\w+)$/gm)].map((match) => match[1]);
    expect(codes).to.not.be.empty;
    expect(headings.toSorted()).to.deep.equal(codes.toSorted());
  });

  it('has a row for every option, and no other', () => {
    const rows = [...read('../README.md').matchAll(/^\| (`\w+`(?:, `\w+`)*) \|/gm)];
    const documented = rows.flatMap((row) => [...row[1]!.matchAll(/`(\w+)`/g)].map((match) => match[1]));
    expect(documented.toSorted()).to.deep.equal(optionNames.toSorted());
  });

  it('has a comment for every public type and member', () => {
    for (const file of [...typeFiles, 'errors.ts']) {
      const lines = read(`../src/${file}`).split('\n');
      const publics = lines.flatMap((line, index) => {
        const name = /^(?: {2,6}|export (?:interface|type|class|function) )(?:readonly )?(\w+)\??[:(;<= ]/.exec(
          line,
        )?.[1];
        const isMember =
          /^ {2,6}(?:readonly )?\w+\??[:(].*;$/.test(line) && !/^ {2,6}(?:super|return|this)\b/.test(line);
        return name && (isMember || line.startsWith('export')) ? [{ name, before: lines[index - 1] }] : [];
      });
      expect(publics, file).to.not.be.empty;
      const undocumented = publics.filter(({ before }) => !before?.trimEnd().endsWith('*/')).map(({ name }) => name);
      expect(
        undocumented.filter((name) => name !== 'ok'),
        file,
      ).to.deep.equal([]);
    }
  });

  it('explains every reason of an end and of a gap', () => {
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

  it('gives the defaults that the code has', () => {
    const readme = read('../README.md');
    for (const text of ['15 000', '2 000', '120 000', '30 000', '10 000', '1 MiB']) expect(readme).to.include(text);
    const defaults = read('../src/config/defaults.ts');
    for (const text of ['15_000', '2_000', '120_000', '30_000', '10_000', '1_048_576'])
      expect(defaults).to.include(text);
  });
});
