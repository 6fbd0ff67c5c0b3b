import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { shownBy } from './support/contract.ts';

const root = new URL('../../', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, root), 'utf8');

describe('docs/threat-model.md', () => {
  const page = read('docs/threat-model.md');
  const rows = page.split('\n').filter((line) => /^\| (?!attack|mistake|---)/.test(line));

  it('the threat model names at least one test file for each attack, and every named file exists', () => {
    expect(rows).to.have.length.above(30);
    for (const row of rows) expect(row).to.match(/`[\w/.-]+\.test\.ts`/);
    const files = [...page.matchAll(/`([\w/.-]+\.test\.tsx?)`/g)].map(([, file]) => String(file));
    const missing = files.filter((file) => !existsSync(fileURLToPath(new URL(file, root))));
    expect(missing).to.deep.equal([]);
  });

  it('the threat model cites only rules that docs/contract.md defines', () => {
    const defined = new Set([...read('docs/contract.md').matchAll(/^\*\*(R\d+)\*\*/gm)].map(([, rule]) => rule));
    const cited = [...page.matchAll(/\bR\d+\b/g)].map(([rule]) => rule);
    expect(cited).to.include.members(['R10', 'R51']);
    expect(cited.filter((rule) => !defined.has(rule))).to.deep.equal([]);
  });

  it('each rule in a row of the threat model is cited by the title of a test in a file of the same row', () => {
    const uncovered = rows.flatMap((row) => {
      const files = [...row.matchAll(/`([\w/.-]+\.test\.ts)`/g)].map(([, file]) => String(file));
      const shown = new Set(files.flatMap((file) => [...shownBy(read(file))]));
      const rules = [...(row.split('|').at(-3) ?? '').matchAll(/R\d+/g)].map(([rule]) => rule);
      return rules.filter((rule) => !shown.has(`[${rule}]`)).map((rule) => `${rule} in ${row}`);
    });
    expect(uncovered).to.deep.equal([]);
  });

  for (const file of ['docs/threat-model.md', 'SECURITY.md']) {
    it(`every relative link of ${file} leads to a file that exists`, () => {
      const base = new URL(file, root);
      const links = [...read(file).matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, link]) => String(link));
      expect(links).not.to.deep.equal([]);
      for (const link of links) expect(existsSync(fileURLToPath(new URL(link, base))), link).to.equal(true);
    });
  }
});
