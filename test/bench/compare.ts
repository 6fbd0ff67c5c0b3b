// `npm run bench:compare -- FOLDER`: measures this checkout against another one, both at the same time on one core.
// `npm run bench:compare -- --observed`: measures it with metrics and logs against itself without.
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { serverNamed } from './catalogue.ts';
import { leaveServerCore } from './cores.ts';
import type { Case } from './plan.ts';
import { measureGroup } from './run.ts';
import { median, percentile } from './stats.ts';
import { workloads } from './workloads.ts';

const help = `npm run bench:compare -- FOLDER [--rounds N] [--seconds N] [--workload busy-at-once,fan-at-once]
npm run bench:compare -- --observed [--rounds N] …

Measures the CPU time per event of this checkout and of another one, which must be built (npm run build there).
Both run at the same time on one core, which leaves a difference of a few per cent between equal code.
FOLDER is the other checkout; the ratio is this one divided by that one. Default: 12 rounds of 6 seconds.
With --observed, both are this checkout: with metrics, access and audit log, and without.`;

const pairs: Record<string, string> = { 'busy-at-once': 'ours', 'fan-at-once': 'ours-shared' };

function fail(message: string): never {
  console.error(`bench:compare: ${message}\n\n${help}`);
  process.exit(2);
}

function readArguments() {
  const text = { type: 'string' } as const;
  try {
    const options = {
      rounds: text,
      seconds: text,
      workload: text,
      observed: { type: 'boolean' },
      help: { type: 'boolean' },
    } as const;
    return parseArgs({ allowPositionals: true, options });
  } catch (error) {
    return fail((error as Error).message);
  }
}

function positive(name: string, value: string | undefined, fallback: number): number {
  const number = Number(value ?? fallback);
  return number > 0 && number <= 1_000 ? number : fail(`--${name}: expected a number from 1 to 1000, got ${value}`);
}

const { values, positionals } = readArguments();
if (values.help) {
  console.log(help);
  process.exit(0);
}
const [folder] = positionals;
const folders = values.observed ? 0 : 1;
if (positionals.length !== folders) fail(`expected ${folders} folders, got ${positionals.length}`);
const entryFile = join(resolve(folder ?? '.'), 'packages/sse-proxy/dist/esm/index.js');
if (!existsSync(entryFile)) fail(`${entryFile} does not exist: build that checkout first`);
const rounds = positive('rounds', values.rounds, 12);
const seconds = positive('seconds', values.seconds, 6);
const chosen = (values.workload ?? Object.keys(pairs).join()).split(',');
for (const name of chosen) if (!(name in pairs)) fail(`--workload: expected ${Object.keys(pairs).join()}, got ${name}`);

process.env.NODE_ENV = 'production';
if (!leaveServerCore()) console.error('note: the servers share their core with the load (needs taskset and two cores)');

/** One pair: CPU time per event of this checkout and of the other one, or why there is none. */
async function pair(name: string, isSwapped: boolean): Promise<[ours: number, theirs: number] | string> {
  const workload = workloads.find((it) => it.name === name) ?? fail(`no workload ${name}`);
  const [shape] = workload.shapes;
  const server = serverNamed(pairs[name] as string);
  if (!shape) return fail(`${name} has no shape`);
  const other = {
    ...server,
    name: 'other',
    flags: () => [...(server.flags?.() ?? []), `entry=${pathToFileURL(entryFile)}`],
  };
  const compared = values.observed ? [serverNamed(`${server.name}-observed`), server] : [server, other];
  const cases = compared.map((it): Case => ({ workload, shape, browsers: shape.browsers, server: it }));
  const outcomes = new Map(await measureGroup(isSwapped ? cases.toReversed() : cases, seconds));
  const figures = cases.map((it) => outcomes.get(it));
  const invalid = figures.find((outcome) => outcome?.invalid)?.invalid;
  const [ours, theirs] = figures.map((outcome) => outcome?.figures.cpuUs);
  return ours === undefined || theirs === undefined ? (invalid ?? 'no figures') : [ours, theirs];
}

for (const name of chosen) {
  const found: [number, number][] = [];
  for (let round = 1; round <= rounds; round++) {
    const outcome = await pair(name, round % 2 === 0);
    if (typeof outcome === 'string') console.error(`${name}, round ${round} of ${rounds}: not valid: ${outcome}`);
    else {
      const [ours, theirs] = outcome;
      found.push(outcome);
      console.error(`${name}, round ${round} of ${rounds}: ${ours.toFixed(2)} µs to ${theirs.toFixed(2)} µs`);
    }
  }
  const ratios = found.map(([ours, theirs]) => ours / theirs).sort((left, right) => left - right);
  const quartiles = [0.25, 0.75].map((share) => percentile(ratios, share).toFixed(3)).join('–');
  const medians = [0, 1].map((at) => median(found.map((values) => values[at as 0 | 1])).toFixed(2));
  console.log(
    `${name}: ratio ${median(ratios).toFixed(3)} (quartiles ${quartiles}), ${medians.join(' µs to ')} µs per event, ${found.length} valid pairs of ${rounds}`,
  );
}
process.exit(0);
