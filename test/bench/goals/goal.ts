import { figure, find, type Report } from '../results.ts';
import type { Metric } from '../rounds/figures.ts';
import { short } from '../tables.ts';

/** A goal and what was measured for it. */
export interface Goal {
  readonly what: string;
  readonly goal: string;
  readonly measured: string;
  /** The same figure of a Node server that only reads and writes; undefined if none was measured. */
  readonly floor: string | undefined;
  /** undefined if the run did not measure it. */
  readonly met: boolean | undefined;
}

export const unmeasured = { measured: 'not measured', floor: undefined, met: undefined };

/** The median of a metric. @param wanted chooses the shape; undefined: the first */
export function value(
  report: Report,
  workload: string,
  server: string,
  metric: Metric,
  wanted?: number,
): number | undefined {
  return figure(find(report, workload, server, wanted), metric)?.median;
}

/** A goal of `own` as a multiple of `other`. */
export function ratio(
  what: string,
  times: number,
  to: string,
  own: number | undefined,
  other: number | undefined,
  least?: number,
): Goal {
  const goal = `≤ ${times} × ${to}`;
  if (own === undefined || other === undefined) return { ...unmeasured, what, goal };
  const measured = `${(own / other).toFixed(2)} × (${short(own)} to ${short(other)})`;
  const floor = least === undefined ? undefined : `${(least / other).toFixed(2)} ×`;
  return { what, goal, measured, floor, met: own <= other * times };
}

/** A goal that is a number with a unit. */
export function atMost(what: string, most: number, unit: string, own: number | undefined): Goal {
  const goal = `≤ ${most} ${unit}`;
  if (own === undefined) return { ...unmeasured, what, goal };
  return { what, goal, measured: `${short(own)} ${unit}`, floor: undefined, met: own <= most };
}
