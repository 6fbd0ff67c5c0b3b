import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './run.ts';

/** What a section of a page tells its reader to do. */
export interface QuickStart {
  /** The lines of its `sh` blocks, in order. */
  readonly commands: readonly string[];
  /** Path → content: blocks after a line that begins with a path in backticks and ends with a colon. */
  readonly files: Readonly<Record<string, string>>;
}

export function quickStartOf(page: string, title = 'Quick start'): QuickStart {
  const text = readFileSync(join(root, page), 'utf8');
  const section = text.split(/^## /m).find((it) => it.startsWith(`${title}\n`));
  if (!section) throw new Error(`${page} has no section "${title}"`);
  const commands = [...section.matchAll(/^```sh\n(.*?)^```$/gms)].flatMap(([, code = '']) => code.trim().split('\n'));
  const named = section.matchAll(/^`([\w./-]+)`[^\n]*:\n\n(?:<!-- file: \S+ -->\n)?```\w+\n(.*?)^```$/gms);
  return { commands, files: Object.fromEntries([...named].map(([, path, code]) => [path, code])) };
}
