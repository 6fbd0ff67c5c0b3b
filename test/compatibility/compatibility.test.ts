import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { root } from '../packages/support/run.ts';
import { areas } from './areas/index.ts';
import { makeBench } from './support/bench.ts';
import type { Bench } from './support/cell.ts';
import { resultsIn, tableOf } from './support/page.ts';

/**
 * What `npm test` tries; `npm run compatibility` tries all. Each cell is a process, and each of these needs only one
 * project.
 */
const tried = areas
  .filter(({ name }) => ['mounts', 'servers', 'middleware'].includes(name))
  .map(({ name, cells }) => ({
    name,
    cells: cells.filter(
      ({ row, column }) => column.endsWith('Express 5') && (name !== 'middleware' || row.startsWith('all of them')),
    ),
  }));

describe('the packed packages with', () => {
  let bench: Bench & { close(): void };
  before(async () => {
    bench = await makeBench();
  });
  after(() => bench?.close());

  for (const { name, cells } of tried)
    for (const cell of cells) {
      it(`sse-proxy works: ${name}, ${cell.row}, ${cell.column}`, async () => {
        await cell.run(bench);
      });
    }
});

describe('docs/compatibility.md', () => {
  const results = resultsIn(readFileSync(join(root, 'docs/compatibility.md'), 'utf8'));

  it('docs/compatibility.md has a row for everything that npm run compatibility tries, and no failure', () => {
    for (const area of areas) {
      const lines = tableOf(area, new Map()).split('\n');
      for (const line of lines.filter((it) => !it.startsWith('| '))) expect(results).to.include(line);
      for (const line of lines.filter((it) => it.startsWith('| ')))
        expect(results, line).to.include(line.split(' | ').slice(0, 1).join(''));
    }
    expect(results).to.not.include('✗');
  });
});
