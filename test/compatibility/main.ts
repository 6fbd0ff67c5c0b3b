// `npm run compatibility`: installs the packed packages into throwaway projects and tries them there, cell by cell.
//   npm run compatibility -- --only=typescript,servers    some of the areas, by the names in areas/
//   npm run compatibility -- --write                      writes the tables into docs/compatibility.md
// Needs the npm registry. Prints each cell when it is done; exit code 1 if one fails. Not part of `npm test`, which
// runs compatibility.test.ts.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { root } from '../packages/support/run.ts';
import { areas } from './areas/index.ts';
import { makeBench } from './support/bench.ts';
import type { Cell } from './support/cell.ts';
import { pageWith, tableOf } from './support/page.ts';

const { values } = parseArgs({ options: { only: { type: 'string' }, write: { type: 'boolean', default: false } } });
const names = values.only?.split(',') ?? areas.map(({ name }) => name);
const wanted = areas.filter(({ name }) => names.includes(name));
if (wanted.length < names.length || (values.write && values.only)) {
  console.error(
    `compatibility: expected --only= with some of ${areas.map(({ name }) => name)}, and --write without it`,
  );
  process.exit(2);
}

console.log('compatibility: packing the packages');
const bench = await makeBench();
const results = new Map<Cell, string>();
const failures: string[] = [];
try {
  for (const area of wanted) {
    for (const cell of area.cells) {
      const started = performance.now();
      const name = `${area.name}: ${cell.row}, ${cell.column}`;
      try {
        results.set(cell, (await cell.run(bench)) ?? '✓');
      } catch (error) {
        results.set(cell, '✗');
        failures.push(name);
        console.error(error);
      }
      console.log(`${name}: ${results.get(cell)} (${((performance.now() - started) / 1000).toFixed(1)} s)`);
    }
  }
} finally {
  bench.close();
}
const tables = wanted.map((area) => tableOf(area, results)).join('\n\n');
console.log(`\n${tables}\n`);
if (values.write) {
  const page = join(root, 'docs/compatibility.md');
  const day = new Date().toISOString().slice(0, 10);
  writeFileSync(
    page,
    pageWith(readFileSync(page, 'utf8'), `Run on ${day} with Node ${process.versions.node}.\n\n${tables}`),
  );
}
console.log(
  failures.length === 0 ? 'compatibility: everything works' : `compatibility: failed: ${failures.join('; ')}`,
);
process.exit(failures.length === 0 ? 0 : 1);
