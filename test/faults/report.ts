// `npm run faults`: runs the whole fault table, each row a few times, and writes the figures to REPORT.md.
// RUNS=1 runs each row once. ROWS='^2[0-9]' runs some of the rows, and writes nothing; with `-- --write` their lines.
import { readFile, writeFile } from 'node:fs/promises';
import { table } from './rows/table.ts';
import { pageOf, updatedLines } from './support/report-page.ts';
import { labelOf, type Row } from './support/row.ts';
import type { Figures, Mode } from './support/scene.ts';
import { endScenes } from './support/stage.ts';

const runs = Number(process.env.RUNS ?? 3);
const wanted = new RegExp(process.env.ROWS ?? '');
const page = new URL('./REPORT.md', import.meta.url);
const today = new Date().toISOString().slice(0, 10);

/** Runs a row several times and returns its line of the report. Throws if a run fails. */
async function line(row: Row, mode: Mode): Promise<string[]> {
  const all: Figures[] = [];
  for (let n = 0; n < runs; n++) {
    try {
      all.push(await row.run(mode));
    } finally {
      await endScenes();
    }
  }
  const sum = (of: (figures: Figures) => number) => String(all.reduce((total, figures) => total + of(figures), 0));
  const most = (of: (figures: Figures) => number) => String(Math.round(Math.max(...all.map(of))));
  const recoveries = all.flatMap(({ recoveryMs }) => recoveryMs).toSorted((a, b) => a - b);
  return [
    [labelOf(row), row.fault, mode, String(all.length)],
    [sum(({ sent }) => sent), sum(({ delivered }) => delivered), sum(({ lost }) => lost)],
    [sum(({ doubled }) => doubled), sum(({ reordered }) => reordered), sum(({ mangled }) => mangled)],
    [sum(({ gaps }) => gaps.length), sum(({ cuts }) => cuts), percentile(recoveries, 50), percentile(recoveries, 99)],
    [most(({ peakMb }) => peakMb), most(({ fdsBefore }) => fdsBefore), most(({ fdsAfter }) => fdsAfter), today],
  ].flat();
}

function percentile(sorted: readonly number[], percent: number): string {
  const at = Math.max(0, Math.ceil((sorted.length * percent) / 100) - 1);
  const value = sorted[at];
  return value === undefined ? '–' : value.toFixed(value < 10 ? 1 : 0);
}

const lines: string[][] = [];
for (const row of table) {
  if (!wanted.test(labelOf(row))) continue;
  for (const mode of row.modes) {
    const result = await line(row, mode);
    lines.push(result);
    console.log(result.join(' | '));
  }
}

const bad = lines.filter((values) => values.slice(6, 10).some((value) => value !== '0'));
const order = table.flatMap((row) => row.modes.map((mode) => [labelOf(row), row.fault, mode]));
if (!process.env.ROWS) await writeFile(page, pageOf(lines));
else if (process.argv.includes('--write'))
  await writeFile(page, pageOf(updatedLines(await readFile(page, 'utf8'), lines, order)));
console.log(
  bad.length === 0 ? 'Nothing lost, doubled, reordered or mangled.' : `NOT CLEAN: ${bad.map(String).join('\n')}`,
);
process.exitCode = bad.length === 0 ? 0 : 1;
