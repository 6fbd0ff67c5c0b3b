import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { needs } from '../../scripts/needs.mjs';
import { filesByGroup } from '../../scripts/testing/groups.mjs';
import { modulesOf, neededBy } from '../../scripts/testing/needed.mjs';
import { root } from '../packages/support/run.ts';

describe('the needs of test files', () => {
  for (const [file, names] of Object.entries({
    'packages/sse-proxy/test/framer.test.ts': [],
    'packages/sse-redis/test/feeds.test.ts': ['redis', 'sentinel'],
    // A support file has the name: a page of the viewer, and a row of the fault table.
    'test/e2e/viewer-line.test.ts': ['chromium'],
    'test/faults/deploy-faults.test.ts': ['nginx'],
    // A table has the names.
    'test/balancers/requests.test.ts': ['nginx', 'haproxy', 'caddy'],
    // It imports the npm package of the same name as the server.
    'examples/datashop/test/page.test.ts': [],
  })) {
    it(`the needs of ${file} are found: ${names.join(', ') || 'none'}`, () => {
      expect(neededBy(root, [file])).to.include.members(names);
      if (names.length === 0) expect(neededBy(root, [file])).to.deep.equal([]);
    });
  }

  it('each need belongs to a group of tests', () => {
    expect(neededBy(root, [...filesByGroup(root).values()].flat())).to.deep.equal(Object.keys(needs));
  });

  it('every module of a test that names a need is one that the search reads', () => {
    const read = modulesOf(root, [...filesByGroup(root).values()].flat());
    const calls = /\b(?:needs|skipWithout)\(|\bneeds: '/;
    const files = globSync('{packages,examples,test}/**/*.ts', { cwd: root, exclude: ['**/node_modules/**'] });
    const naming = files.filter((file) => calls.test(readFileSync(join(root, file), 'utf8')));
    expect(naming.filter((file) => !read.has(file))).to.deep.equal(['test/support/needs.ts']);
  });
});
