import type { Job, Row } from '../jobs/job.ts';

export interface Reject {
  /** Number of the row in the file; the first is 1. */
  number: number;
  label: string;
  /** Name of the rule that rejected it. */
  rule: string;
  problem: string;
}

export interface Batch {
  accepted: Row[];
  rejects: Reject[];
  size: number;
}

function problemOf(job: Job, row: Row): Pick<Reject, 'rule' | 'problem'> | undefined {
  for (const [rule, check] of Object.entries(job.rules)) {
    const problem = check(row);
    if (problem) return { rule, problem };
  }
  return undefined;
}

/** @param from how many rows of the file came before this batch */
export function validate(job: Job, rows: readonly Row[], from: number): Batch {
  const batch: Batch = { accepted: [], rejects: [], size: rows.length };
  rows.forEach((row, index) => {
    const problem = problemOf(job, row);
    if (problem) batch.rejects.push({ number: from + index + 1, label: job.label(row), ...problem });
    else batch.accepted.push(row);
  });
  return batch;
}
