// `npm run faults`: runs the whole fault table, each row a few times, and writes the figures to REPORT.md.
// RUNS=1 runs each row once; ROWS='^2[0-9]' runs some of the rows and writes nothing.
import { writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { table } from './rows/table.ts';
import { labelOf, type Row } from './support/row.ts';
import type { Figures, Mode } from './support/scene.ts';
import { endScenes } from './support/stage.ts';

const runs = Number(process.env.RUNS ?? 3);
const wanted = new RegExp(process.env.ROWS ?? '');
const head = [
  ['row', 'fault', 'mode', 'runs', 'sent', 'delivered', 'lost', 'doubled', 'reordered', 'mangled'],
  ['gaps', 'cuts', 'recovery p50 ms', 'p99 ms', 'peak MB', 'fds before', 'after'],
].flat();

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
  if (!wanted.test(labelOf(row))) continue;
  for (const mode of row.modes) {
    const result = await line(row, mode);
    lines.push(result);
    console.log(cells(result));
  }
}

const text = `# Faults: results

Written by \`npm run faults\` on ${new Date().toISOString().slice(0, 10)} with Node ${process.version}, ${cpus().length} cores,
${runs} runs a row. Numbered rows are those of [the contract](../../docs/contract.md#faults); the others (M1–M4, all) combine faults. Upstream and
proxy are separate processes, and all browsers except Chromium share a third; they communicate over real sockets. \`rows/\` holds the code of each row.

- *sent*: events that the upstream sent, in all runs; *delivered*: events that the browsers received, added up.
- *lost*, *doubled*, *reordered*, *mangled*: by the number and checksum in each event, per browser, added up.
  An event whose place a gap took ([row 40]) is neither lost nor delivered. In [row 36] the browsers drop repeats as sse-client does.
- *gaps*: \`sse-proxy:gap\` events, sent where continuity can't be proven. *cuts*: streams that ended for a browser, soft
  refusals included; the browser reconnected by itself.
- *recovery*: time from the loss of an upstream to its return, and from a browser's cut to its next event. The browsers
  of these tests wait a hundredth of the \`retry:\` time; those of [row 1c], [row 38], [row 45] and in Chromium (M3) wait all of it.
- *peak*: the proxy's resident memory, including about 100 MB at its start with the type-stripping loader.
- *fds*: the proxy's file descriptors before the first browser and after the last one ([row 28]: without the log's pipe).

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
