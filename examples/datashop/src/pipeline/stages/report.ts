import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Job } from '../jobs/job.ts';
import type { Group } from './aggregate.ts';

export interface Report {
  job: string;
  finishedAt: string;
  rows: number;
  rejected: number;
  measure: string;
  groups: Group[];
}

/** Returns the size of the file. Written aside and renamed, so that nobody reads half a report. */
export async function report(directory: string, job: Job, content: Report): Promise<number> {
  await mkdir(directory, { recursive: true });
  const text = `${JSON.stringify(content, null, 2)}\n`;
  const file = join(directory, `${job.name}.json`);
  await writeFile(`${file}.part`, text);
  await rename(`${file}.part`, file);
  return Buffer.byteLength(text);
}
