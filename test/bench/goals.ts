import { atMost, type Goal, ratio, unmeasured, value } from './goals/goal.ts';
import { logGoals, logSizesGoal } from './goals/logs.ts';
import { pairedGoals } from './goals/pairs.ts';
import { figure, type Report } from './results.ts';
import type { Metric } from './rounds/figures.ts';
import { bestLibrary, table } from './tables.ts';

function toBestLibrary(report: Report, workload: string, metric: Metric, what: string, times: number): Goal {
  const best = bestLibrary(
    report.results.filter((result) => result.workload === workload),
    metric,
  );
  const to = `the best library${best ? ` (${best.server})` : ''}`;
  const of = (server: string) => value(report, workload, server, metric);
  return ratio(what, times, to, of('ours'), best?.median, of('reads-and-writes'));
}

/** CPU per delivered event, from fewest to most browsers. */
function costs(report: Report, server: string): (number | undefined)[] {
  const sizes = report.results.filter((result) => result.workload === 'scale' && result.server === server);
  return sizes.map((result) => figure(result, 'cpuUs')?.median);
}

/** Distance of each value from the mean, in percent; undefined if one is missing. */
function fromMean(values: readonly (number | undefined)[]): number[] | undefined {
  const known = values.filter((cost) => cost !== undefined);
  if (known.length < 2 || known.length < values.length) return undefined;
  const mean = known.reduce((sum, cost) => sum + cost, 0) / known.length;
  return known.map((cost) => (cost / mean - 1) * 100);
}

function inWords(percents: readonly number[]): string {
  return percents.map((percent) => `${percent < -0.5 ? '−' : '+'}${Math.abs(percent).toFixed(0)} %`).join(', ');
}

/** The goal that the cost of an event does not depend on the number of browsers. */
function flat(
  what: string,
  of: string,
  values: readonly (number | undefined)[],
  least: readonly (number | undefined)[] = [],
): Goal {
  const goal = `${of} ±15 %, from fewest to most`;
  const percents = fromMean(values);
  if (!percents) return { ...unmeasured, what, goal };
  const floor = fromMean(least);
  const met = percents.every((percent) => Math.abs(percent) <= 15);
  return { what, goal, measured: inWords(percents), floor: floor && inWords(floor), met };
}

/**
 * Two goals: the cost itself, and as a multiple of the floor. The fixed part of an event's cost (wake-up and read)
 * weighs more when few browsers share it, in any server.
 */
function flatGoals(report: Report, mode: string, server: string, least: string, leastInWords: string): Goal[] {
  const own = costs(report, server);
  const bound = costs(report, least);
  const multiples = own.map((cost, index) => {
    const reference = bound[index];
    return cost === undefined || reference === undefined ? undefined : cost / reference;
  });
  const what = `${mode}, CPU per delivered event as browsers grow`;
  return [flat(what, 'its mean', own, bound), flat(what, `its mean multiple of ${leastInWords}`, multiples)];
}

function dedicatedCpu(report: Report, workload: string, how: string): Goal[] {
  const what = `dedicated, CPU per event${how}`;
  const cpu = (server: string) => value(report, workload, server, 'cpuUs');
  return [
    toBestLibrary(report, workload, 'cpuUs', what, 0.8),
    ratio(what, 1.2, 'a TCP relay in Node', cpu('ours'), cpu('tcp-relay'), cpu('reads-and-writes')),
    ratio(what, 1.55, 'nginx', cpu('ours'), cpu('nginx'), cpu('reads-and-writes')),
  ];
}

function sharedCpu(report: Report, workload: string, how: string): Goal[] {
  const what = `shared, CPU per delivered event${how}`;
  const cpu = (server: string) => value(report, workload, server, 'cpuUs');
  return [
    ratio(what, 0.9, 'nchan', cpu('ours-shared'), cpu('nchan'), cpu('floor')),
    ratio(what, 0.6, 'better-sse', cpu('ours-shared'), cpu('better-sse'), cpu('floor')),
  ];
}

const latency = (percentile: string) => `dedicated, latency ${percentile} at 1,000 events/s, µs`;

/** All goals, in the order of their table. */
export function goals(report: Report): Goal[] {
  const modes = [
    ['dedicated', 'ours'],
    ['shared', 'ours-shared'],
  ] as const;
  return [
    ...dedicatedCpu(report, 'busy', ''),
    ...dedicatedCpu(report, 'busy-at-once', ', all at once'),
    toBestLibrary(report, 'latency', 'p50Us', latency('p50'), 1),
    toBestLibrary(report, 'latency', 'p99Us', latency('p99'), 1),
    // Not p99: the servers that run at the same time determine most of it.
    toBestLibrary(report, 'latency-at-once', 'p50Us', `${latency('p50')}, all at once`, 1),
    ...sharedCpu(report, 'fan', ''),
    ...sharedCpu(report, 'fan-at-once', ', all at once'),
    ratio(
      'shared, CPU per delivered event from a source at 1,000 events/s',
      1,
      'shared from an upstream',
      value(report, 'source', 'ours-source', 'cpuUs'),
      value(report, 'source', 'ours-shared', 'cpuUs'),
      value(report, 'source', 'floor', 'cpuUs'),
    ),
    ...[
      ['transform', ''],
      ['transform-at-once', ', all at once'],
    ].map(([workload = '', how]) =>
      ratio(
        `shared with share.transform, CPU per delivered event${how}`,
        1.1,
        'shared without',
        value(report, workload, 'ours-share-transform', 'cpuUs'),
        value(report, workload, 'ours-shared', 'cpuUs'),
      ),
    ),
    ...pairedGoals(report),
    atMost('dedicated, memory per idle browser', 38, 'KB', value(report, 'idle', 'ours', 'kb')),
    atMost('shared, memory per idle browser', 20, 'KB', value(report, 'idle', 'ours-shared', 'kb')),
    ...modes.map(([mode, server]) =>
      ratio(
        `${mode}, CPU per heartbeat of idle browsers`,
        1.2,
        'the writes themselves',
        value(report, 'idle', server, 'heartbeatCpuUs'),
        value(report, 'idle', 'floor', 'heartbeatCpuUs'),
      ),
    ),
    ...modes.flatMap(([mode, server]) => [
      connect(report, server, `${mode}, all connect`, 'tookMs'),
      connect(report, server, `${mode}, the slowest in a hundred to connect`, 'openP99Ms'),
    ]),
    ...flatGoals(report, 'dedicated', 'ours', 'tcp-relay', 'a TCP relay'),
    ...flatGoals(report, 'shared', 'ours-shared', 'floor', 'only the writes'),
    ...modes.flatMap(([mode, server]) => [
      atMost(`${mode}, reconnect storm: event loop blocked`, 100, 'ms', value(report, 'storm', server, 'blockMs')),
      atMost(`${mode}, reconnect storm: CPU of one turn`, 100, 'ms', value(report, 'storm', server, 'turnCpuMs')),
    ]),
    ...logGoals(report, '320 B'),
    ...logGoals(report, '1.2 kB'),
    logSizesGoal(report),
  ];
}

function connect(report: Report, server: string, what: string, metric: Metric): Goal {
  const of = (name: string) => value(report, 'connect', name, metric);
  const floor = server === 'ours' ? of('reads-and-writes') : undefined;
  return ratio(`${what}, ms`, 1.5, 'a bare Express handler', of(server), of('express'), floor);
}

/** The goals as a table. */
export function goalsTable(report: Report): string {
  const verdict = (met: boolean | undefined) => (met === undefined ? '' : met ? 'met' : '**not met**');
  const rows = goals(report).map(({ what, goal, measured, floor, met }) => [
    what,
    goal,
    measured,
    floor ?? '',
    verdict(met),
  ]);
  return table([['what', 'goal', 'measured', 'floor', ''], ...rows]);
}
