import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, loadavg } from 'node:os';
import { drawChart } from './chart.ts';
import type { FleetReport } from './run.ts';
import { summary, table } from './table.ts';

const docs = new URL('../../../docs/', import.meta.url);

/** Writes the picture, and the table into the page about several instances. */
export function writeDocuments(report: FleetReport): void {
  writeFileSync(new URL('fleet.svg', docs), drawChart(report));
  writeBlock('several-instances.md', 'scale', `${table(report)}\n\n${summary(report).join('\n')}\n${machine()}\n`);
}

/** A sentence on what the figures were measured with. */
export function machine(): string {
  const load = loadavg()[0]?.toFixed(0);
  return `Node.js ${process.version}, ${availableParallelism()} cores, load average ${load} at the end.`;
}

/** Replaces what a page of `docs/` has between the comments `<name>: begin` and `<name>: end`. */
export function writeBlock(page: string, name: string, text: string): void {
  const path = new URL(page, docs);
  const block = new RegExp(`(<!-- ${name}: begin -->\\n).*(<!-- ${name}: end -->)`, 's');
  writeFileSync(
    path,
    readFileSync(path, 'utf8').replace(block, (_, begin, end) => `${begin}\n${text}\n${end}`),
  );
}
