import { find, type Report } from '../results.ts';
import { counted, median, percentile } from '../stats.ts';
import { type Goal, unmeasured } from './goal.ts';

/** CPU per delivered event of `own` as a multiple of that of `other`, round by round. */
function multiples(report: Report, workload: string, own: string, other: string): number[] {
  const others = find(report, workload, other)?.rounds ?? [];
  return (find(report, workload, own)?.rounds ?? []).flatMap(({ figures }, round) => {
    const [mine, theirs] = [figures.cpuUs, others[round]?.figures.cpuUs];
    return mine === undefined || theirs === undefined ? [] : [mine / theirs];
  });
}

/** A goal of a few per cent: servers of one round are compared, and the median of all rounds counts. */
function paired(report: Report, what: string, times: number, to: string, workload: string, own: string, other: string) {
  const goal = `≤ ${times} × ${to}`;
  const found = multiples(report, workload, own, other).sort((left, right) => left - right);
  if (found.length === 0) return { ...unmeasured, what, goal };
  const quartiles = [0.25, 0.75].map((share) => percentile(found, share).toFixed(2)).join('–');
  const measured = `${median(found).toFixed(2)} × (quartiles ${quartiles}, ${counted(found.length, 'pair')})`;
  return { what, goal, measured, floor: undefined, met: median(found) <= times };
}

/** Goals of what one process of several costs, and of what a source, metrics and logs cost. */
export function pairedGoals(report: Report): Goal[] {
  const roles = [
    ['leader', 'ours-redis'],
    ['follower', 'ours-redis-follower'],
  ] as const;
  const loads = [
    ['fan-redis', '1,000 browsers of one feed'],
    ['feeds-redis', '300 feeds'],
  ] as const;
  return [
    ...loads.flatMap(([workload, load]) =>
      roles.map(([role, server]) => {
        const what = `shared over Redis, ${role}, ${load}: CPU per delivered event`;
        return paired(report, what, 1.25, 'shared without Redis', workload, server, 'ours-shared');
      }),
    ),
    paired(
      report,
      'shared, CPU per delivered event from a source, both at once',
      1,
      'shared from an upstream',
      'source-at-once',
      'ours-source',
      'ours-shared',
    ),
    paired(report, 'metrics and logs, CPU per event', 1.02, 'without', 'busy', 'ours-observed', 'ours'),
  ];
}
