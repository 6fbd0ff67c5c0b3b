import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
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

/**
 * Writes the report and returns its size in bytes. Only its owner can read it. It is written aside and renamed, so that
 * a reader never sees half of it.
 */
export async function report(directory: string, job: Job, content: Report): Promise<number> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const text = `${JSON.stringify(content, null, 2)}\n`;
  const file = join(directory, `${job.name}.json`);
  const part = `${file}.part`;
  // A crash may have left one, and writeFile keeps the mode of a file that exists.
  await rm(part, { force: true });
  await writeFile(part, text, { mode: 0o600 });
  await rename(part, file);
  return Buffer.byteLength(text);
}
