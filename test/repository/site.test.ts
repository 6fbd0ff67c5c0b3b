import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { pages, placeOf } from '../../site/navigation.mjs';
import { root } from '../packages/support/run.ts';

const readJson = (path: string) => JSON.parse(readFileSync(join(root, path), 'utf8'));

describe('the docs site', () => {
  it('site/navigation.mjs lists every Markdown page of the repository once', () => {
    const globs = ['*.md', 'docs/**/*.md', 'packages/*/*.md', 'examples/**/*.md', 'test/**/*.md'];
    const found = globSync(globs, { cwd: root, exclude: ['**/node_modules/**', '**/dist/**'] });
    const wanted = found.map((page) => page.replaceAll('\\', '/')).filter((page) => page !== 'AGENTS.md');
    expect(pages.filter((page) => !page.startsWith('site/api/')).sort()).to.deep.equal(wanted.sort());
  });

  it('the API reference covers every entry of every package, and requires comments in all of them', () => {
    const { entryPoints, packagesRequiringDocumentation } = readJson('site/typedoc.json');
    const packages = globSync('packages/*', { cwd: root }).map((folder) => folder.replaceAll('\\', '/'));
    const entries = packages.flatMap((folder) => {
      const exported = JSON.stringify(readJson(`${folder}/package.json`).exports);
      const types = [...exported.matchAll(/"types":"\.\/dist\/(?:(?:esm|cjs)\/)?([^"]+)\.d\.ts"/g)];
      return types.map(([, path]) => `../${folder}/src/${path}.ts`);
    });
    expect(entryPoints.toSorted()).to.deep.equal([...new Set(entries)].sort());
    const names = packages.map((folder) => readJson(`${folder}/package.json`).name);
    expect(packagesRequiringDocumentation.toSorted()).to.deep.equal(names.sort());
  });

  it('no two pages get the same address', () => {
    expect(new Set(pages.map(placeOf)).size).to.equal(pages.length);
    expect(placeOf('site/api/log-stream/src/stores/mongo.md')).to.equal('api/log-stream/mongo.md');
    expect(placeOf('packages/sse-proxy/README.md')).to.equal('packages/sse-proxy/index.md');
  });
});
