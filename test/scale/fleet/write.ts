import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, loadavg } from 'node:os';
import { drawChart } from './chart.ts';
import type { FleetReport } from './run.ts';
import { summary, table } from './table.ts';

const docs = new URL('../../../docs/', import.meta.url);
const page = new URL('several-instances.md', docs);
const block = /(<!-- scale: begin -->\n).*(<!-- scale: end -->)/s;

/** Writes the picture, and the table into the page about several instances. */
export function writeDocuments(report: FleetReport): void {
  writeFileSync(new URL('fleet.svg', docs), drawChart(report));
  const load = loadavg()[0]?.toFixed(0);
  const machine = `Node.js ${process.version}, ${availableParallelism()} cores, load average ${load} at the end.`;
  const text = `${table(report)}\n\n${summary(report).join('\n')}\n${machine}\n`;
  writeFileSync(
    page,
    readFileSync(page, 'utf8').replace(block, (_, begin, end) => `${begin}\n${text}\n${end}`),
  );
}
