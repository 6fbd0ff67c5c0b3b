import { setTimeout as delay } from 'node:timers/promises';
import { MongoClient } from 'mongodb';
import { now } from './log-counter.ts';

/** Milliseconds between two batches. */
const batchMs = 10;

/**
 * Inserts logs into one workflow at a steady rate. Their messages are their numbers, from 0 on, and the time.
 *
 * @param uri with the name of the database
 */
export async function writeLogs(uri: string, name: string, perSecond: number, seconds: number): Promise<number> {
  const client = await new MongoClient(uri).connect();
  const collection = client.db().collection(name);
  const start = performance.now();
  let written = 0;
  while (performance.now() - start < seconds * 1000) {
    const due = Math.floor(((performance.now() - start) * perSecond) / 1000);
    if (due > written) await collection.insertMany(Array.from({ length: due - written }, () => logDocument(written++)));
    await delay(batchMs);
  }
  await client.close();
  return written;
}

function logDocument(number: number) {
  const time = new Date();
  return {
    logLevel: 'INFO',
    logType: 'APPLICATION',
    message: `${number} ${now().toFixed(3)}`,
    stageName: 'ETL_PROCESSING',
    duration: '',
    description: 'Rows were read from the source, checked against the schema and written to the staging area.',
    time,
    isoTime: time.toISOString(),
    meta: {
      timestamp: time.getTime(),
      pipelineID: '1c3a7c2e-0f5e-4f27-9a4c-2b7a3f1d9e10',
      execID: '4021',
      workspaceID: 'ws',
      workflowID: 'wf',
      pipelineType: 'L3L5ETL',
    },
  };
}
