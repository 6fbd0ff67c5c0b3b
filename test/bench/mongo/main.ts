// `npm run bench:mongo`: one workflow with many listeners, by change stream and by polling, side by side. The MongoDB
// server is the scripted one of the tests, so its CPU says nothing about a real one; the commands that it gets do.
// Options: --per-second 1000, --seconds 10, --listeners 100, --slow 2.
import { parseArgs } from 'node:util';
import { type Figures, type Load, run, type Way } from './run.ts';

const { values } = parseArgs({
  options: {
    'per-second': { type: 'string', default: '1000' },
    seconds: { type: 'string', default: '10' },
    listeners: { type: 'string', default: '100' },
    slow: { type: 'string', default: '2' },
  },
});
const load: Load = {
  perSecond: Number(values['per-second']),
  seconds: Number(values.seconds),
  listeners: Number(values.listeners),
  slow: Number(values.slow),
};

const rows: readonly [string, (figures: Figures) => string][] = [
  ['logs written', ({ written }) => `${written}`],
  ['commands per second', ({ commandsPerSecond }) => textOf(commandsPerSecond)],
  ['CPU of the service', ({ serviceCpu }) => `${serviceCpu.toFixed(0)} %`],
  ['CPU of the scripted server', ({ mongoCpu }) => `${mongoCpu.toFixed(0)} %`],
  ['latency, median', ({ p50Ms }) => `${p50Ms.toFixed(1)} ms`],
  ['latency, 99th percentile', ({ p99Ms }) => `${p99Ms.toFixed(1)} ms`],
  ['memory, before the first log', ({ rssMb }) => `${rssMb.before.toFixed(0)} MB`],
  ['memory, at most', ({ rssMb }) => `${rssMb.most.toFixed(0)} MB`],
  ['slow listeners complete after', ({ catchUpS }) => `${catchUpS.toFixed(1)} s`],
  ['logs that a listener lacks', ({ missing }) => `${missing}`],
  ['logs out of order or repeated', ({ outOfOrder }) => `${outOfOrder}`],
  ['gap events', ({ gaps }) => `${gaps}`],
  ['streams that ended', ({ ended }) => `${ended}`],
];

function textOf(rates: Readonly<Record<string, number>>): string {
  const parts = Object.entries(rates).map(([name, rate]) => `${rate.toFixed(1)} ${name}`);
  return parts.join(', ') || '0';
}

const ways: readonly Way[] = ['change stream', 'polling'];
const results: Figures[] = [];
for (const way of ways) results.push(await run(way, load));

const { perSecond, seconds, listeners, slow } = load;
console.log(`${perSecond} logs/s into one workflow for ${seconds} s, ${listeners} listeners, ${slow} of them slow\n`);
console.log(`| | ${ways.join(' | ')} |\n| --- |${' ---: |'.repeat(ways.length)}`);
for (const [name, text] of rows) console.log(`| ${name} | ${results.map(text).join(' | ')} |`);
const failed = results.some(({ missing, outOfOrder, gaps, ended }) => missing + outOfOrder + gaps + ended > 0);
process.exit(failed ? 1 : 0);
