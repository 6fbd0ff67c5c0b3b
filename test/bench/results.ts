import type { Machine } from './machine.ts';
import type { Figures, Metric } from './rounds/figures.ts';
import { type Spread, spread } from './stats.ts';

/** One round of one case: figures, or the reason why there are none. */
export interface Round {
  readonly figures: Figures;
  readonly invalid?: string;
}

/** All rounds of one case. */
export interface Result {
  readonly workload: string;
  readonly server: string;
  /** Number of browsers that the workload asks for. With `load`, it identifies the shape. */
  readonly wanted: number;
  /** The load in words, where shapes differ in more than the number of browsers. */
  readonly load?: string | undefined;
  /** Number of browsers that were measured. */
  readonly browsers: number;
  readonly rounds: Round[];
}

/** Everything about one run. */
export interface Report {
  readonly date: string;
  readonly machine: Machine;
  readonly versions: Record<string, string>;
  readonly rounds: number;
  readonly seconds: number;
  readonly quick: boolean;
  readonly notes: readonly string[];
  readonly results: readonly Result[];
}

/** A metric over the valid rounds of a result. */
export function figure(result: Result | undefined, metric: Metric): Spread | undefined {
  return spread((result?.rounds ?? []).map(({ figures }) => figures[metric]).filter((value) => value !== undefined));
}

/** The result of a server under a workload. @param wanted chooses the shape; undefined: the first */
export function find(report: Report, workload: string, server: string, wanted?: number): Result | undefined {
  return report.results.find(
    (result) =>
      result.workload === workload && result.server === server && (wanted === undefined || result.wanted === wanted),
  );
}

/** Results of `logs` with logs of this size, for each server at the highest rate that it sustains. */
export function atHighestRate({ results }: Report, size: string): Result[] {
  const ofSize = results.filter(({ workload, load }) => workload === 'logs' && load?.startsWith(`${size},`));
  const servers = Map.groupBy(ofSize, ({ server }) => server);
  // Workloads list their rates in ascending order.
  return [...servers.values()].flatMap((own) => own.findLast((result) => figure(result, 'cpuUs')) ?? []);
}

/** "yes", or what was wrong. */
export function validity({ rounds }: Result): string {
  const reasons = new Set(rounds.map(({ invalid }) => invalid).filter((reason) => reason !== undefined));
  if (reasons.size === 0) return 'yes';
  const bad = rounds.filter(({ invalid }) => invalid !== undefined).length;
  return `${rounds.length - bad} of ${rounds.length}: ${[...reasons].join('; ')}`;
}
