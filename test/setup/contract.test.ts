import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { root } from '../packages/support/run.ts';
import { skip } from '../support/needs.ts';
import { citationsIn, readContract, trackedTexts } from './support/contract.ts';

describe('docs/contract.md', () => {
  const contract = readContract(readFileSync(join(root, 'docs/contract.md'), 'utf8'));
  let texts: Map<string, string>;

  before(async function () {
    if (!existsSync(join(root, '.git'))) skip(this, 'needs a git checkout, to list the files of the repository');
    texts = await trackedTexts();
  });

  it('docs/contract.md defines each rule, row and input once, without a hole', () => {
    const { defined } = contract;
    const span = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, n) => from + n);
    const rules = [...span(1, 16), ...span(20, 36), ...span(40, 46), ...span(50, 60)].map((n) => `[R${n}]`);
    const rows = ['1a', '1b', '1c', ...span(2, 47)].map((n) => `[row ${n}]`);
    const inputs = span(1, 32).map((n) => `[input ${n}]`);
    expect([...defined]).to.have.members([...rules, ...rows, ...inputs]);
  });

  it('docs/contract.md defines everything that is cited anywhere in the repository', () => {
    const unknown = [...texts].flatMap(([file, text]) =>
      citationsIn(text)
        .filter(({ cited }) => !contract.defined.has(cited))
        .map(({ cited, line }) => `${file}:${line} ${cited}`),
    );
    expect(unknown).to.deep.equal([]);
  });

  it('a test cites each rule, row and input of docs/contract.md that is built', () => {
    const tests = [...texts].filter(([file]) => /(^|\/)test\//.test(file) && !file.startsWith('test/setup/'));
    const cited = new Set(tests.flatMap(([, text]) => citationsIn(text).map(({ cited }) => cited)));
    const { defined, notBuilt } = contract;
    const untested = [...defined].filter((it) => !cited.has(it) && !notBuilt.has(it));
    expect(untested, 'neither cited by a test nor listed as not built').to.deep.equal([]);
    const built = [...notBuilt].filter((it) => cited.has(it));
    expect(built, 'listed as not built, though a test cites it').to.deep.equal([]);
  });

  it('docs/contract.md is cited in square brackets only, such as [row 28]', () => {
    // A rule, fault, row or input that a title names in front of a colon.
    const old = /(?<!\[)\b(?:rules?|faults?) \d+\b|['"`(](?:row|input)s? \d+[a-z]?[:,]/i;
    const found = [...texts].flatMap(([file, text]) =>
      text.split('\n').flatMap((line, index) => (old.test(line) ? [`${file}:${index + 1} ${line.trim()}`] : [])),
    );
    expect(found).to.deep.equal([]);
  });
});
