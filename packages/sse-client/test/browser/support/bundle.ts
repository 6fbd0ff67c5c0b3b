import { fileURLToPath } from 'node:url';
import { script } from '../../support/vite.ts';

const entry = fileURLToPath(new URL('../page/index.ts', import.meta.url));

let made: Promise<string> | undefined;

/** The page's script, built once a run. */
export function bundle(): Promise<string> {
  made ??= script(entry, 'production');
  return made;
}
