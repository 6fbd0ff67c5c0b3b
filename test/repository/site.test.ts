import { globSync } from 'node:fs';
import { expect } from 'chai';
import { pages, placeOf } from '../../site/navigation.mjs';
import { root } from '../packages/support/run.ts';

describe('the docs site', () => {
  it('site/navigation.mjs lists every Markdown page of the repository once', () => {
    const globs = ['*.md', 'docs/**/*.md', 'packages/*/*.md', 'examples/**/*.md', 'test/**/*.md'];
    const found = globSync(globs, { cwd: root, exclude: ['**/node_modules/**', '**/dist/**'] });
    const wanted = found.map((page) => page.replaceAll('\\', '/')).filter((page) => page !== 'AGENTS.md');
    expect(pages.filter((page) => !page.startsWith('site/api/')).sort()).to.deep.equal(wanted.sort());
  });

  it('no two pages get the same address', () => {
    expect(new Set(pages.map(placeOf)).size).to.equal(pages.length);
    expect(placeOf('site/api/log-stream/src/stores/mongo.md')).to.equal('api/log-stream/mongo.md');
    expect(placeOf('packages/sse-proxy/README.md')).to.equal('packages/sse-proxy/index.md');
  });
});
