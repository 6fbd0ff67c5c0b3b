import type { Job, Row } from './jobs/job.ts';
import type { Write } from './journal.ts';
import * as lines from './lines.ts';
import { aggregate, incomplete } from './stages/aggregate.ts';
import { extract } from './stages/extract.ts';
import { report } from './stages/report.ts';
import { validate } from './stages/validate.ts';

const batchRows = 100;

export interface RunContext {
  write: Write;
  /** Resolves when the next piece of work is due; rejects when the pipeline stops. */
  due: () => Promise<void>;
  /** Folder of the reports. */
  reports: string;
}

/** One run of one job: extract → validate → aggregate → report. */
export async function run(job: Job, { write, due, reports }: RunContext): Promise<void> {
  const runTime = stopwatch();

  await write(lines.extracting(job));
  const extractTime = stopwatch();
  const { rows, bytes } = await extract(job);
  await write(lines.extracted(job, rows.length, bytes, extractTime()));
  await due();

  const accepted: Row[] = [];
  for (let from = 0; from < rows.length; from += batchRows) {
    const batchTime = stopwatch();
    const batch = validate(job, rows.slice(from, from + batchRows), from);
    accepted.push(...batch.accepted);
    await write(...lines.validated(job, from, batch, batchTime()));
    await due();
  }

  const aggregateTime = stopwatch();
  const groups = aggregate(job, accepted);
  await write(...lines.aggregated(job, accepted.length, groups, aggregateTime()));
  await write(...incomplete(job, accepted).map(lines.missing));
  await due();

  const reportTime = stopwatch();
  const size = await report(reports, job, {
    job: job.name,
    finishedAt: new Date().toISOString(),
    rows: accepted.length,
    rejected: rows.length - accepted.length,
    measure: job.measure.name,
    groups,
  });
  await write(lines.reported(job, size, reportTime()));
  await write(lines.finished(job, accepted.length, rows.length, runTime()));
}

function stopwatch(): () => number {
  const started = performance.now();
  return () => performance.now() - started;
}
