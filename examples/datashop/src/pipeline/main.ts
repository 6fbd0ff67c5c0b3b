import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { SqliteLogStore } from '@datashop/log-stream';
import { milliseconds, required } from '../environment.ts';
import { runChild } from '../processes/child.ts';
import { jobs } from './jobs/index.ts';
import type { Job } from './jobs/job.ts';
import { journal } from './journal.ts';
import { broken } from './lines.ts';
import { run } from './run.ts';

/** Number of logs to keep, so that a forgotten demo never fills a disk. */
const maxLogs = 20_000;

await runChild(async () => {
  const pauseMs = milliseconds('PIPELINE_PAUSE_MS', 1_000);
  const reports = join(required('DATASHOP_DATA'), 'reports');
  const store = new SqliteLogStore({ path: required('LOG_STORE'), maxLogs });
  const stopping = new AbortController();
  const due = () => setTimeout(pauseMs, undefined, { signal: stopping.signal });

  async function work(job: Job): Promise<void> {
    for (;;) {
      const write = journal(store, { ...job.workflow, pipelineID: randomUUID(), execID: String(Date.now()) });
      try {
        await run(job, { write, due, reports });
      } catch (error) {
        if (stopping.signal.aborted) return;
        await write(broken(job, error as Error));
      }
      await due();
    }
  }

  const working = Promise.all(jobs.map(work)).catch((error: Error) => {
    if (stopping.signal.aborted) return;
    // The store fails, so the error can't be logged there. The parent restarts this process.
    console.error(`pipeline: ${error.message}`);
    process.exit(1);
  });
  return {
    stop: async () => {
      stopping.abort();
      await working;
      await store.close();
    },
  };
});
