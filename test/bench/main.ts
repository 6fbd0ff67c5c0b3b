// `npm run bench`: measures sse-proxy and its alternatives.
import { writeFileSync } from 'node:fs';
import { help, type Options, readArguments, WrongArguments } from './arguments.ts';
import { serverNamed } from './catalogue.ts';
import { leaveServerCore } from './cores.ts';
import { writeDocuments } from './documents.ts';
import { goalsTable } from './goals.ts';
import { maxDescriptors } from './limits.ts';
import { thisMachine, versions } from './machine.ts';
import { makePlan } from './plan.ts';
import type { Report } from './results.ts';
import { run } from './run.ts';
import { workloadTables } from './tables.ts';

const say = (line: string) => void process.stderr.write(`${line}\n`);

// Every child ends when its channel to this process closes, so exiting is enough.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => process.exit(130));

function options(): Options {
  try {
    return readArguments(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof WrongArguments)) throw error;
    say(`bench: ${error.message}\n(--help tells more)`);
    process.exit(2);
  }
}

async function bench(asked: Options): Promise<void> {
  // Production mode, for every server.
  process.env.NODE_ENV = 'production';
  const descriptors = maxDescriptors();
  const plan = makePlan(asked, descriptors);
  const notes = [...plan.notes];
  if (!leaveServerCore())
    notes.push('servers share their core with the load (taskset and a second core would part them)');
  for (const note of notes) say(`note: ${note}`);
  const { rounds, seconds, quick } = asked;
  const results = await run(plan, rounds, seconds, say);
  const measured = [...new Set(results.map(({ server }) => serverNamed(server)))];
  const report: Report = {
    date: new Date().toISOString().slice(0, 10),
    machine: thisMachine(descriptors),
    versions: versions(measured),
    rounds,
    seconds,
    quick,
    notes,
    results,
  };
  console.log(`${workloadTables(report)}\n\n## Goals\n\n${goalsTable(report)}`);
  if (asked.json) writeFileSync(asked.json, `${JSON.stringify(report, undefined, 2)}\n`);
  if (asked.write) writeDocuments(report);
  process.exitCode = results.some(({ rounds }) => rounds.every(({ invalid }) => invalid !== undefined)) ? 1 : 0;
}

const asked = options();
if (asked.help) console.log(help);
else await bench(asked);
