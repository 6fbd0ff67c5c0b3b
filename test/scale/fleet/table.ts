import type { FleetReport, Sample } from './run.ts';

/** Marks of the chart in the terminal, from nothing to all. */
const marks = ' ▁▂▃▄▅▆▇█';

const seconds = (ms: number) => (ms / 1_000).toFixed(1);

/** The table as Markdown, which is also readable in a terminal. */
export function table({ steps }: FleetReport): string {
  const head = [
    'what happens',
    'at, s',
    'all browsers have a new event after, s',
    'streams cut',
    'longest pause, s',
    'most upstream connections',
    'upstream connections at the end',
  ];
  const rows = steps.map((step) => [
    step.what,
    seconds(step.atMs),
    seconds(step.recoveredMs),
    String(step.cuts),
    seconds(step.longestPauseMs),
    String(step.mostUpstream),
    String(step.upstreamConnections),
  ]);
  const lines = [head, head.map((_, index) => (index === 0 ? '---' : '---:')), ...rows];
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** One character per second: the lowest number of open streams, and the highest of upstream connections. */
function bars({ samples, browsers, instances }: FleetReport): string {
  const bySecond = Map.groupBy(samples, ({ atMs }) => Math.floor(atMs / 1_000));
  const line = (value: (samples: Sample[]) => number, most: number) =>
    [...bySecond.values()].map((group) => marks[Math.min(8, Math.ceil((value(group) / most) * 8))]).join('');
  const open = line((group) => Math.min(...group.map((sample) => sample.open)), browsers);
  const upstream = line((group) => Math.max(...group.map((sample) => sample.upstreamConnections ?? 0)), instances);
  return `open streams (full: ${browsers})            ${open}\nupstream connections (full: ${instances})      ${upstream}\n${' '.repeat(37)}one character per second`;
}

/** Whether every browser got every event once, in order, over one upstream connection at the end. */
export function isExact({ lost, doubled, reordered, mangled, gaps, upstreamConnections }: FleetReport): boolean {
  return lost + doubled + reordered + mangled + gaps === 0 && upstreamConnections === 1;
}

/** The sums, as sentences. */
export function summary(report: FleetReport): string[] {
  const { sent, delivered, lost, doubled, reordered, mangled, gaps, reconnects, drainSpreadMs, graceMs } = report;
  return [
    `${report.browsers} browsers, ${report.instances} instances, ${report.eventsPerSecond} events per second: ${sent} events sent, ${delivered} delivered,`,
    `${lost} lost, ${doubled} repeated, ${reordered} out of order, ${mangled} changed, ${gaps} gaps. ${reconnects} reconnects. In the rolling restart`,
    `each instance ended its streams over at least ${seconds(drainSpreadMs)} s of its ${seconds(graceMs)} s.`,
  ];
}

export function printReport(report: FleetReport): void {
  console.log(`\n${table(report)}\n\n${bars(report)}\n\n${summary(report).join('\n')}`);
}
