import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import type { Row } from '../faults/support/row.ts';
import { root } from '../packages/support/run.ts';
import { skip } from '../support/needs.ts';
import { citationsIn, malformedIn, readContract, shownBy, trackedTexts } from './support/contract.ts';

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

  it('the title of a test cites each rule, row and input of docs/contract.md that is built', async () => {
    const tests = [...texts].filter(([file]) => file.endsWith('.test.ts') && !file.startsWith('test/setup/'));
    const faultTests = tests.flatMap(([file, text]) => (file.startsWith('test/faults/') ? [text] : [])).join('\n');
    const shown = new Set([...tests.flatMap(([, text]) => [...shownBy(text)]), ...(await citedByRows(faultTests))]);
    const { defined, notBuilt } = contract;
    const untested = [...defined].filter((it) => !shown.has(it) && !notBuilt.has(it));
    expect(untested, 'neither in the title of a test nor listed as not built').to.deep.equal([]);
    const built = [...notBuilt].filter((it) => shown.has(it));
    expect(built, 'listed as not built, though a test shows it').to.deep.equal([]);
  });

  it('a citation of docs/contract.md is one rule, row or input in square brackets, such as [row 28]', () => {
    // Without brackets: a rule or fault anywhere, a row or input in front of a colon or in a page.
    const bare = /(?<!\[)\b(?:rules?|faults?|fault rows?) \d+\b|['"`(](?:row|input)s? \d+[a-z]?[:,]/i;
    const bareInPage = /(?<!\[)\b(?:rows?|inputs?) \d+[a-z]?\b/i;
    // This test and its support file contain wrong ones as examples.
    const checked = [...texts].filter(([file]) => !/^test\/setup\/(support\/)?contract\b/.test(file));
    const found = checked.flatMap(([file, text]) => [
      ...malformedIn(text).map(({ found, line }) => `${file}:${line} ${found}`),
      ...text.split('\n').flatMap((line, index) => {
        const isBare = bare.test(line) || (file.endsWith('.md') && bareInPage.test(line));
        return isBare ? [`${file}:${index + 1} ${line.trim()}`] : [];
      }),
    ]);
    expect(found).to.deep.equal([]);
  });

  it('only an exact citation that ends a title counts as shown by a test', () => {
    const shown = shownBy(`
      it('sends it on [R20]', () => {});
      it(\`sends \${what} on [R21] [row 1a]\`, () => {});
      proves(rows.flood, 'order is kept [input 2]', check);
      // 'in a comment [R22]'
       * 'in a block [R23]'
      call(); // 'behind code [R24]'
      it('a list [R25, R26]', () => {});
      it('in the [R27] middle', () => {});`);
    expect([...shown]).to.deep.equal(['[R20]', '[R21]', '[row 1a]', '[input 2]']);
  });

  for (const text of [
    '[R20, R99]',
    '[rule 99]',
    '[rules 1]',
    '[rows 99]',
    '[r99]',
    '[row 28, 29]',
    '[fault 3]',
    '[input 1 ]',
  ]) {
    it(`"${text.slice(1, -1)}" in square brackets is reported as a malformed citation`, () => {
      expect(malformedIn(`a title ${text}`)).to.deep.equal([{ found: text, line: 1 }]);
    });
  }

  it('exact citations and code in brackets are not reported as malformed citations', () => {
    expect(malformedIn("[R20] [R33] [row 1a] [input 12] rows[0] [row, passed] '\\[R20\\]' [rules, got]")).to.deep.equal(
      [],
    );
  });
});

/** What the fault table's rows cite, of those that a test uses: `proves()` adds it to the title. */
async function citedByRows(faultTests: string): Promise<string[]> {
  const files = globSync('test/faults/rows/*.ts', { cwd: root });
  const modules = await Promise.all(files.map((file) => import(pathToFileURL(join(root, file)).href)));
  const rows = modules.flatMap((module) => Object.entries<Partial<Row>>(module));
  const used = rows.filter(([name]) => new RegExp(`\\w\\.${name}\\b`).test(faultTests));
  return used.flatMap(([, { cites }]) => cites ?? []);
}
