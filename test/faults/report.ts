// Runs the whole fault table, each row a few times, and writes what came of it to REPORT.md.
// `npm run faults`; RUNS=1 for a quick look, ROWS='^2[0-9]' for some of the rows (then nothing is written).
import { writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { table } from './rows/table.ts';
import type { Row } from './support/row.ts';
import type { Figures, Mode } from './support/scene.ts';
import { endScenes } from './support/stage.ts';

const runs = Number(process.env.RUNS ?? 3);
const wanted = new RegExp(process.env.ROWS ?? '');
const head = [
  ['row', 'fault', 'mode', 'runs', 'sent', 'delivered', 'lost', 'doubled', 'reordered', 'mangled'],
  ['gaps', 'cuts', 'recovery p50 ms', 'p99 ms', 'peak MB', 'fds before', 'after'],
].flat();

/** Runs a row; a run that fails is a line that says so. */
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
    [String(row.row), row.fault, mode, String(all.length)],
    [sum(({ sent }) => sent), sum(({ delivered }) => delivered), sum(({ lost }) => lost)],
    [sum(({ doubled }) => doubled), sum(({ reordered }) => reordered), sum(({ mangled }) => mangled)],
    [sum(({ gaps }) => gaps.length), sum(({ cuts }) => cuts), percentile(recoveries, 50), percentile(recoveries, 99)],
    [most(({ peakMb }) => peakMb), most(({ fdsBefore }) => fdsBefore), most(({ fdsAfter }) => fdsAfter)],
  ].flat();
}

function percentile(sorted: readonly number[], percent: number): string {
  const at = Math.max(0, Math.ceil((sorted.length * percent) / 100) - 1);
  const value = sorted[at];
  return value === undefined ? '–' : value.toFixed(value < 10 ? 1 : 0);
}

function cells(values: readonly string[]): string {
  return `| ${values.join(' | ')} |`;
}

const lines: string[][] = [];
for (const row of table) {
  if (!wanted.test(String(row.row))) continue;
  for (const mode of row.modes) {
    const result = await line(row, mode);
    lines.push(result);
    console.log(cells(result));
  }
}

const text = `# Faults: what came of each

Written by \`npm run faults\` on ${new Date().toISOString().slice(0, 10)} with Node ${process.version}, ${cpus().length} cores,
${runs} runs a row. Rows are those of the fault table; M1–M4 are what must be shown. Upstream and
proxy are processes of their own, the browsers (Chromium aside) share a third; between them are real sockets. What each row does is in \`rows/\`.

- *sent*: events that the upstream numbered, over all runs; *delivered*: how many of them browsers got, all browsers together.
- *lost*, *doubled*, *reordered*, *mangled*: against the number and checksum in each event, per browser, added up.
- *gaps*: \`sse-proxy:gap\` events, where continuity could not be proven. *cuts*: streams that ended for a browser,
  soft refusals included; it came back by itself.
- *recovery*: from the loss of an upstream until it is back, and from a browser's cut to its next event. The browsers
  of these tests wait a hundredth of the \`retry:\` they are given; those in Chromium (M3) wait as told.
- *peak*: the proxy's resident memory, its start (about 100 MB with the type-stripping loader) included.
- *fds*: the proxy's descriptors before the first browser came and after the last one left (row 28: without the log's pipe).

${cells(head)}
${cells(head.map((name) => (['row', 'fault', 'mode'].includes(name) ? '---' : '--:')))}
${lines.map(cells).join('\n')}
`;
const bad = lines.filter((values) => values.slice(6, 10).some((value) => value !== '0'));
if (!process.env.ROWS) await writeFile(new URL('./REPORT.md', import.meta.url), text);
console.log(
  bad.length === 0 ? 'Nothing lost, doubled, reordered or mangled.' : `NOT CLEAN: ${bad.map(String).join('\n')}`,
);
process.exitCode = bad.length === 0 ? 0 : 1;
