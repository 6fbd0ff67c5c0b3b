import { globSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { expect } from 'chai';
import { root } from '../packages/support/run.ts';

const read = (file: string) => readFileSync(join(root, file), 'utf8');
const page = read('docs/dependencies.md');

/** First and second column of each row of the table below a heading. */
function rows(heading: string): string[] {
  const [, section = ''] = page.split(`## ${heading}\n`);
  const table = section.split('\n## ')[0]?.matchAll(/^\| `([\w-]+)` \| (.*?) \|/gm) ?? [];
  return [...table].map(([, name, what]) => `${name}: ${String(what).replaceAll('`', '')}`).sort();
}

describe('docs/dependencies.md', () => {
  const manifests = globSync('packages/*/package.json', { cwd: root }).map((file) => ({
    ...JSON.parse(read(file)),
    name: basename(dirname(file)),
  }));

  it('docs/dependencies.md has a row for every dependency of a package, and no other', () => {
    const wanted = manifests.flatMap(({ name, dependencies = {} }) => {
      const names = Object.keys(dependencies);
      return (names.length > 0 ? names : ['none']).map((dependency) => `${name}: ${dependency}`);
    });
    expect(rows('At run time')).to.deep.equal(wanted.sort());
  });

  it('docs/dependencies.md has a row for every peer of a package, and says which are optional', () => {
    const wanted = manifests.flatMap(({ name, peerDependencies, peerDependenciesMeta = {} }) =>
      Object.keys(peerDependencies).map(
        (peer) => `${name}: ${peer}${peerDependenciesMeta[peer]?.optional ? ', optional' : ''}`,
      ),
    );
    expect(rows('Peers')).to.deep.equal(wanted.sort());
  });

  it('docs/dependencies.md explains every override of the repository', () => {
    const [, section = ''] = page.split('## Overrides of the repository\n');
    const explained = (section.split('\n## ')[0]?.match(/^\| `.*?\|/gm) ?? []).join();
    for (const name of Object.keys(JSON.parse(read('package.json')).overrides)) {
      expect(explained).to.include(`\`${name}\``);
    }
  });
});
