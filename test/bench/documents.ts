import { readFileSync, writeFileSync } from 'node:fs';
import { capacityTable } from './capacity.ts';
import { chart } from './chart.ts';
import { fleetCapacity, fleetCosts, fleetWorkloads } from './fleet.ts';
import { goalsTable } from './goals.ts';
import { method } from './method.ts';
import type { Report } from './results.ts';
import { counted } from './stats.ts';
import { workloadTables } from './tables.ts';

const docs = new URL('../../docs/', import.meta.url);
const beginOf = (command: string) => `<!-- measured: ${command} -->`;
const all = 'npm run bench -- --write';
const fleet = `npm run bench -- --workload ${fleetWorkloads.join()} --write`;
const end = '<!-- /measured -->';

function page(report: Report): string {
  const { machine, versions, date, rounds, seconds, quick, notes } = report;
  const list = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  const paragraphs = [
    '# Performance',
    '<!-- Written by `npm run bench -- --write`; what is written here by hand is lost. -->',
    quick ? '**From a `--quick` run: it shows that everything works, and proves nothing.**' : '',
    `Measured on ${date}: ${machine.cpu}, ${machine.cores} cores, ${machine.memoryGb} GB, ${machine.system}, Node ${machine.node}; ${counted(rounds, 'round')} of ${seconds} s.`,
    `Versions: ${list.join(', ')}.`,
    ...notes.map((note) => `Note: ${note}.`),
    '![CPU per event, memory per browser](performance.svg)',
    '## Goals',
    goalsTable(report),
    '## Figures',
    workloadTables(report),
    method.trimEnd(),
  ];
  return `${paragraphs.filter((paragraph) => paragraph !== '').join('\n\n')}\n`;
}

/** Replaces the part of a text between the markers of a command. */
export function refresh(text: string, content: string, command = all): string {
  const begin = beginOf(command);
  const from = text.indexOf(begin);
  const to = text.indexOf(end, from);
  if (from < 0 || to < from) throw new Error(`the document has lost its markers ${begin} and ${end}`);
  return `${text.slice(0, from + begin.length)}\n\n${content}\n\n${text.slice(to)}`;
}

/** Writes the figures of a run into the documents. */
export function writeDocuments(report: Report): void {
  refreshFile('several-instances.md', fleetCosts(report), fleet);
  refreshFile('capacity.md', fleetCapacity(report), fleet);
  if (report.results.every(({ workload }) => fleetWorkloads.some((name) => name === workload))) return;
  writeFileSync(new URL('performance.md', docs), page(report));
  writeFileSync(new URL('performance.svg', docs), chart(report));
  refreshFile('capacity.md', capacityTable(report), all);
}

function refreshFile(name: string, content: string, command: string): void {
  const file = new URL(name, docs);
  writeFileSync(file, refresh(readFileSync(file, 'utf8'), content, command));
}
