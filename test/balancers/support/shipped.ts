import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const deploy = fileURLToPath(new URL('../../../examples/deploy/', import.meta.url));

/** What to put in the place of each text of a shipped file. */
export type Changes = readonly (readonly [shipped: string, here: string])[];

/**
 * Copies a file of `examples/deploy` into `folder`, with ports, paths and names of this test. Throws if the file
 * doesn't contain what is to be changed: otherwise the test would run with the addresses of the example.
 */
export async function copyShipped(path: string, folder: string, name: string, changes: Changes = []): Promise<void> {
  let text = await readFile(join(deploy, path), 'utf8');
  for (const [shipped, here] of changes) {
    if (!text.includes(shipped)) throw new Error(`${path} does not contain ${JSON.stringify(shipped)}`);
    text = text.replaceAll(shipped, here);
  }
  await writeFile(join(folder, name), text);
}
