import { readFile } from 'node:fs/promises';
import type { Job, Row } from '../jobs/job.ts';

// The package exports only its script; the data files are in a folder beside it.
const dataFolder = new URL('../data/', import.meta.resolve('vega-datasets'));

export interface Extract {
  rows: Row[];
  bytes: number;
}

export async function extract(job: Job): Promise<Extract> {
  const text = await readFile(new URL(job.file, dataFolder), 'utf8');
  return { rows: job.rowsOf(JSON.parse(text)), bytes: Buffer.byteLength(text) };
}
