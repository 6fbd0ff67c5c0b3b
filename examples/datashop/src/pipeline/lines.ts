import type { Job } from './jobs/job.ts';
import type { Entry } from './journal.ts';
import type { Group, Incomplete } from './stages/aggregate.ts';
import type { Batch, Reject } from './stages/validate.ts';

/** Number of rejected rows of a batch that get a log each; one more log counts the others. */
const shownRejects = 3;
const shownGroups = 3;

const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const compact = new Intl.NumberFormat('en', { notation: 'compact', maximumSignificantDigits: 3 });
const percent = new Intl.NumberFormat('en', { style: 'percent', maximumFractionDigits: 1 });

export function extracting(job: Job): Entry {
  return { level: 'INFO', stage: 'EXTRACT', message: `Run of ${job.name} started: reading ${job.file}` };
}

export function extracted(job: Job, rows: number, bytes: number, durationMs: number): Entry {
  const message = `Read ${whole.format(rows)} rows, ${whole.format(bytes / 1024)} KiB`;
  return { level: 'INFO', stage: 'EXTRACT', message, description: job.file, durationMs };
}

/** The logs of one batch: a warning for each of its first rejected rows, then the outcome. */
export function validated(job: Job, from: number, batch: Batch, durationMs: number): Entry[] {
  const rate = batch.rejects.length / batch.size;
  const span = `Rows ${whole.format(from + 1)}–${whole.format(from + batch.size)}`;
  const outcome: Entry =
    rate > job.maxRejectRate
      ? {
          level: 'ERROR',
          stage: 'VALIDATE',
          message: `${span}: ${percent.format(rate)} rejected, at most ${percent.format(job.maxRejectRate)} allowed`,
          description: reasons(batch.rejects),
          durationMs,
        }
      : {
          level: 'INFO',
          stage: 'VALIDATE',
          message: `${span}: ${batch.accepted.length} accepted, ${batch.rejects.length} rejected`,
          durationMs,
        };
  return [...batch.rejects.slice(0, shownRejects).map(rejected), ...more(batch.rejects.slice(shownRejects)), outcome];
}

function rejected({ number, label, problem }: Reject): Entry {
  return {
    level: 'WARN',
    stage: 'VALIDATE',
    message: `Row ${whole.format(number)} rejected: ${problem}`,
    description: label,
  };
}

function more(rejects: readonly Reject[]): Entry[] {
  if (rejects.length === 0) return [];
  const rows = rejects.length === 1 ? 'row' : 'rows';
  const message = `${rejects.length} more ${rows} of this batch rejected`;
  const numbers = rejects.map(({ number }) => whole.format(number)).join(' · ');
  return [{ level: 'WARN', stage: 'VALIDATE', message, description: `${rows} ${numbers}` }];
}

function reasons(rejects: readonly Reject[]): string {
  const counts = Map.groupBy(rejects, ({ rule }) => rule);
  return [...counts].map(([rule, { length }]) => `${length} × ${rule}`).join(', ');
}

export function aggregated(job: Job, rows: number, groups: readonly Group[], durationMs: number): Entry[] {
  const top = groups.slice(0, shownGroups).map(({ name, rows: size, mean, min, max }): Entry => {
    const message = `${name}: ${whole.format(size)} rows, ${job.measure.name} ${compact.format(mean)} on average`;
    const description = `from ${compact.format(min)} to ${compact.format(max)}`;
    return { level: 'DEBUG', stage: 'AGGREGATE', message, description };
  });
  const message = `Aggregated ${whole.format(rows)} rows into ${groups.length} groups`;
  return [...top, { level: 'INFO', stage: 'AGGREGATE', message, durationMs }];
}

export function missing({ column, filled, wanted }: Incomplete): Entry {
  const message = `Column ${column} is filled in ${percent.format(filled)} of the rows, ${percent.format(wanted)} wanted`;
  return { level: 'ERROR', stage: 'AGGREGATE', message };
}

export function reported(job: Job, bytes: number, durationMs: number): Entry {
  const message = `Wrote the report, ${whole.format(bytes)} bytes`;
  return { level: 'INFO', stage: 'REPORT', message, description: `${job.name}.json`, durationMs };
}

export function finished(job: Job, accepted: number, rows: number, durationMs: number): Entry {
  const message = `Run of ${job.name} finished: ${whole.format(accepted)} of ${whole.format(rows)} rows used`;
  return { level: 'INFO', stage: 'REPORT', message, durationMs };
}

/** Log of a run that failed. */
export function broken(job: Job, error: Error): Entry {
  return { level: 'ERROR', stage: 'REPORT', message: `Run of ${job.name} broke off: ${error.message}` };
}
