import type { Job, Row } from '../jobs/job.ts';

export interface Group {
  name: string;
  rows: number;
  mean: number;
  min: number;
  max: number;
}

/** Groups rows, the largest group first. */
export function aggregate(job: Job, rows: readonly Row[]): Group[] {
  const groups = new Map<string, Group>();
  for (const row of rows) {
    const name = job.groupBy(row);
    const value = job.measure.of(row);
    const group = groups.get(name) ?? { name, rows: 0, mean: 0, min: value, max: value };
    group.rows += 1;
    // A running mean, which can't overflow.
    group.mean += (value - group.mean) / group.rows;
    group.min = Math.min(group.min, value);
    group.max = Math.max(group.max, value);
    groups.set(name, group);
  }
  return [...groups.values()].sort((a, b) => b.rows - a.rows || a.name.localeCompare(b.name));
}

export interface Incomplete {
  column: string;
  filled: number;
  wanted: number;
}

/** Columns that are filled in less than the job demands. */
export function incomplete(job: Job, rows: readonly Row[]): Incomplete[] {
  if (rows.length === 0) return [];
  return Object.entries(job.completeness)
    .map(([column, wanted]) => {
      const present = rows.filter((row) => row[column] !== null && row[column] !== undefined);
      return { column, wanted, filled: present.length / rows.length };
    })
    .filter(({ filled, wanted }) => filled < wanted);
}
