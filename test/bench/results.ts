import type { Machine } from './machine.ts';
import type { Figures, Metric } from './rounds/figures.ts';
import { type Spread, spread } from './stats.ts';

/** One round of one case: figures, or why there are none. */
export interface Round {
  readonly figures: Figures;
  readonly invalid?: string;
}

/** All rounds of one case. */
export interface Result {
  readonly workload: string;
  readonly server: string;
  /** As the workload wants it; tells a workload's shapes apart. */
  readonly wanted: number;
  /** As this machine allowed it. */
  readonly browsers: number;
  readonly rounds: Round[];
}

/** Everything that a run has found out. */
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

/** The metric over the result's valid rounds. */
export function figure(result: Result | undefined, metric: Metric): Spread | undefined {
  return spread((result?.rounds ?? []).map(({ figures }) => figures[metric]).filter((value) => value !== undefined));
}

/** The result of a server under a workload; of the first shape unless told which. */
export function find(report: Report, workload: string, server: string, wanted?: number): Result | undefined {
  return report.results.find(
    (result) =>
      result.workload === workload && result.server === server && (wanted === undefined || result.wanted === wanted),
  );
}

/** "yes", or what was wrong. */
export function validity({ rounds }: Result): string {
  const reasons = new Set(rounds.map(({ invalid }) => invalid).filter((reason) => reason !== undefined));
  if (reasons.size === 0) return 'yes';
  const bad = rounds.filter(({ invalid }) => invalid !== undefined).length;
  return `${rounds.length - bad} of ${rounds.length}: ${[...reasons].join('; ')}`;
}
