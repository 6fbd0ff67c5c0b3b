import os from 'node:os';
import { pairedGoals } from './goals/pairs.ts';
import { figure, find, type Report } from './results.ts';
import { counted } from './stats.ts';
import { short, table, workloadTables } from './tables.ts';
import { workloads } from './workloads.ts';

/** The workloads of several processes that share feeds over Redis. */
export const fleetWorkloads = ['fan-redis', 'feeds-redis'] as const;
type FleetWorkload = (typeof fleetWorkloads)[number];

/** Browsers, and feeds that they watch, of the computed fleets. */
const feedCount = 300;
const sizes = [10_000, 100_000, 1_000_000];
/** Share of a core's time that is planned for. */
const usableShare = 0.6;
/** Most commands with which an instance reads, a second: see `paceMs` of XreadLoop. */
const readsPerSecond = 200;

function measuredOn({ date, machine, rounds, seconds }: Report): string {
  const load = os.loadavg()[0]?.toFixed(0);
  return `Measured on ${date}: ${machine.cpu}, ${machine.cores} cores, Node ${machine.node}; ${counted(rounds, 'round')} of ${seconds} s; load average ${load} at the end.`;
}

/** The generated part of docs/several-instances.md. */
export function fleetCosts(report: Report): string {
  const own = { ...report, results: report.results.filter(({ workload }) => workload in redisCosts) };
  const rows = pairedGoals(own)
    .filter(({ what }) => what.startsWith('shared over Redis'))
    .map(({ what, goal, measured, met }) => [what, goal, measured, met ? 'met' : '**not met**']);
  return [measuredOn(report), table([['what', 'goal', 'measured', ''], ...rows]), workloadTables(own, '####')].join(
    '\n\n',
  );
}

const redisCosts: Record<FleetWorkload, string> = {
  'fan-redis': 'each event alone in its command',
  'feeds-redis': 'several events in a command',
};

/**
 * What one event costs Redis: appended, and read by one instance. In microseconds of CPU; undefined if not measured.
 */
function costOf(report: Report, workload: FleetWorkload): { append: number; read: number } | undefined {
  const [shape] = workloads.find(({ name }) => name === workload)?.shapes ?? [];
  const perSecond = (shape?.perSecond ?? 0) * (shape?.feeds ?? 1);
  const percent = (server: string) => figure(find(report, workload, server), 'redisCpuPercent')?.median;
  // The leader alone is one reader; beside a follower there are two.
  const [one, two] = [percent('ours-redis'), percent('ours-redis-follower')];
  if (one === undefined || two === undefined) return undefined;
  const read = (Math.max(0, two - one) * 1e4) / perSecond;
  return { append: Math.max(0, (one * 1e4) / perSecond - read), read };
}

const unknown = '–';
const costText = (us: number | undefined) => (us === undefined ? unknown : short(us));

/** The generated part of docs/capacity.md: what Redis carries. */
export function fleetCapacity(report: Report): string {
  const costs = fleetWorkloads.map((workload) => [workload, costOf(report, workload)] as const);
  const costRows = costs.map(([workload, cost]) => [
    redisCosts[workload],
    costText(cost?.append),
    costText(cost?.read),
  ]);
  const eventUs = figure(find(report, 'feeds-redis', 'ours-redis-follower'), 'cpuUs')?.median;
  // A command that carries several events costs no more than one that was measured with one, apart from their bytes.
  const readUs = costs[0]?.[1]?.read;
  const rows = costs.flatMap(([, cost], index) => {
    // At 300 events a second an event is at most alone in its command; at 3,000 it was measured.
    const rate = index === 0 ? 1 : 10;
    return sizes.map((browsers) => {
      const line = [browsers.toLocaleString('en'), String(rate)];
      if (!cost || readUs === undefined || eventUs === undefined) return [...line, unknown, unknown, unknown];
      const instances = Math.ceil((browsers * eventUs * rate) / (1e6 * usableShare));
      const events = feedCount * rate;
      const percent = (events * cost.append + instances * Math.min(events, readsPerSecond) * readUs) / 1e4;
      const megabytes = (events * instances * 350) / 1e6;
      return [...line, instances.toLocaleString('en'), `${short(percent)} %`, `${short(megabytes)} MB/s`];
    });
  });
  return [
    measuredOn(report),
    'What Redis spends on an event, computed from its CPU with one and with two instances:',
    table([['', 'CPU µs to append it', 'CPU µs for each instance that reads it'], ...costRows]),
    `Computed for ${feedCount} feeds whose browsers are spread over all instances, and events of 300 B. The number of instances follows from the ${short(eventUs ?? 0)} µs of CPU that a follower needed per delivered event. The CPU time of Redis is the cost of the appends, and for each instance ${readsPerSecond} commands a second at the cost of a command with one event:`,
    table([['browsers', 'events/s per browser', 'instances', 'Redis: of a core', 'Redis sends'], ...rows]),
  ].join('\n\n');
}
