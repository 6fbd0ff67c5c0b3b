import { globSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { expect } from 'chai';
import createPreset, { entryOf, whatBump } from '../../scripts/release/index.js';
import { root } from '../packages/support/run.ts';

const read = (file: string) => JSON.parse(readFileSync(join(root, file), 'utf8'));
const packages = globSync('packages/*/package.json', { cwd: root });

describe('the manifests of the packages', () => {
  it('the manifest of every package names its repository, its issues and how it is published', () => {
    for (const file of packages) {
      const { repository, homepage, bugs, publishConfig, license, files } = read(file);
      const directory = dirname(file).replaceAll('\\', '/');
      const address = repository.url.replace(/^git\+|\.git$/g, '');
      expect({ repository, homepage, bugs, publishConfig, license }, file).to.deep.equal({
        repository: { type: 'git', url: `git+${address}.git`, directory },
        homepage: `${address}/tree/main/${directory}#readme`,
        bugs: `${address}/issues`,
        publishConfig: { access: 'public', provenance: true },
        license: 'MIT',
      });
      expect(files, file).to.include('CHANGELOG.md');
    }
  });

  it('every package that runs on Node.js names the same oldest version', () => {
    const engines = packages.map((file) => [basename(dirname(file)), read(file).engines?.node]);
    const { 'sse-client': client, ...others } = Object.fromEntries(engines);
    expect(client, 'sse-client runs in browsers; Node.js only bundles or renders it').to.equal(undefined);
    expect(new Set(Object.values(others)).size).to.equal(1);
  });

  it('every package and example depends on the present version of the other packages', () => {
    const wanted = `^${read('lerna.json').version}`;
    for (const file of [...packages, ...globSync('examples/*/package.json', { cwd: root })]) {
      const { dependencies, peerDependencies, devDependencies } = read(file);
      const ranges = Object.entries({ ...dependencies, ...peerDependencies, ...devDependencies });
      for (const [name, range] of ranges.filter(([name]) => name.startsWith('@datashop/'))) {
        expect(range, `${name} in ${file}`).to.equal(wanted);
      }
    }
  });

  it('npm run release:check tries to publish every package', () => {
    const tried = read('package.json').scripts['release:check'].matchAll(/--workspace=(\S+)/g);
    expect([...tried].map(([, folder]) => folder).sort()).to.deep.equal(packages.map(dirname).sort());
  });
});

describe('the changelogs', () => {
  const { headerPattern } = createPreset().parser;
  const commit = (header: string, ...notes: object[]) => {
    const [, scope, subject] = headerPattern.exec(header) ?? [];
    return { header, scope, subject, notes, references: [], hash: '0123456789' };
  };

  it('a commit of a published package gets into the changelog, in the section of its verb', () => {
    const context = { host: '', owner: '', repository: '' };
    const section = (header: string) => entryOf(commit(header), context)?.type;
    expect(section('sse-client: add signal')).to.equal('Added');
    expect(section('sse-proxy, sse-redis: remove recalls')).to.equal('Removed');
    expect(section('log-stream: fix the cursor of an empty page')).to.equal('Fixed');
    expect(section('sse-metrics: count by route')).to.equal('Changed');
    expect(section('test: add a browser')).to.equal(undefined);
    expect(section('Merge main')).to.equal(undefined);
  });

  it('an addition asks for a minor version, and a breaking change for a major one', () => {
    const bump = (...commits: object[]) => whatBump(commits).level;
    expect(bump(commit('sse-client: say why'), commit('test: add a browser'))).to.equal(2);
    expect(bump(commit('sse-client: say why'), commit('sse-proxy: add source'))).to.equal(1);
    expect(bump(commit('sse-proxy: rename up', { title: 'BREAKING CHANGE', text: 'x' }))).to.equal(0);
  });
});
