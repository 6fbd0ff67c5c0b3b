import { atHighestRate, figure, type Report } from '../results.ts';
import { pythonServers } from '../workloads.ts';
import { type Goal, ratio, unmeasured } from './goal.ts';

/** The log service at 1,000 logs/s, next to what each peer costs at its best. */
export function logGoals(report: Report, size: string): Goal[] {
  const atFullRate = report.results.find(
    ({ workload, server, load }) =>
      workload === 'logs' && server === 'log-stream' && load?.startsWith(`${size}, 1,000 logs/s`),
  );
  const own = figure(atFullRate, 'cpuUs')?.median;
  const costs = new Map(atHighestRate(report, size).map((it) => [it.server, figure(it, 'cpuUs')?.median ?? Infinity]));
  const [best] = pythonServers
    .filter((server) => costs.has(server))
    .sort((left, right) => (costs.get(left) ?? 0) - (costs.get(right) ?? 0));
  const what = `log service, CPU per delivered log of ${size} at 1,000 logs/s`;
  return [
    ratio(what, 0.12, `the best Python server${best ? ` (${best})` : ''}`, own, costs.get(best ?? '')),
    ratio(what, 0.2, 'better-sse', own, costs.get('better-sse')),
  ];
}

/** The highest multiple of a bare loop's cost, over all loads. */
export function logSizesGoal(report: Report): Goal {
  const what = 'log service, CPU per delivered log, at its worst size and rate';
  const goal = '≤ 1.3 × a bare res.write loop';
  const of = (server: string) =>
    report.results.filter(({ workload, server: name }) => workload === 'log-sizes' && name === server);
  const multiples = of('log-stream').flatMap((own) => {
    const cost = figure(own, 'cpuUs')?.median;
    const bare = figure(
      of('bare-write').find(({ load }) => load === own.load),
      'cpuUs',
    )?.median;
    return cost === undefined || bare === undefined ? [] : [{ load: own.load, times: cost / bare }];
  });
  const worst = multiples.sort((left, right) => right.times - left.times)[0];
  if (worst === undefined) return { ...unmeasured, what, goal };
  const measured = `${worst.times.toFixed(2)} × (${worst.load})`;
  return { what, goal, measured, floor: undefined, met: worst.times <= 1.3 };
}
