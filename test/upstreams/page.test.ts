import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { currentPage, quotedFiles, updatedPage } from '../../scripts/quote-files.mjs';
import { idCases, rowOf } from './support/id-cases.ts';

const root = new URL('../../', import.meta.url);

describe('docs/upstreams.md', () => {
  const page = currentPage('docs/upstreams.md');

  it('docs/upstreams.md shows every example as it is; `node scripts/quote-files.mjs` updates it', () => {
    expect(page).to.equal(updatedPage(page));
    const files = readdirSync(new URL('examples/upstreams/', root)).filter((name) => /\.(js|py|sql)$/.test(name));
    expect(quotedFiles(page).toSorted()).to.deep.equal(files.map((name) => `examples/upstreams/${name}`).toSorted());
  });

  it('docs/upstreams.md has a row for every case of ids that is tested, and no other', () => {
    const [, table = ''] = /^\| if \|[^\n]*\n\| ---[^\n]*\n((?:\|[^\n]*\n)+)/m.exec(page) ?? [];
    expect(table.trim().split('\n')).to.deep.equal(idCases.map(rowOf));
  });

  it('every relative link of docs/upstreams.md leads to a file that exists', () => {
    const links = [...page.matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, link]) => String(link));
    expect(links).to.not.be.empty;
    const base = new URL('docs/', root);
    expect(links.filter((link) => !existsSync(fileURLToPath(new URL(link, base))))).to.deep.equal([]);
  });
});
