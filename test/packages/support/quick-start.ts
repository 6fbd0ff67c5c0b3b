import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './run.ts';

/** What the section "Quick start" of a README tells its reader to do. */
export interface QuickStart {
  /** The lines of its `sh` blocks, in order. */
  readonly commands: readonly string[];
  /** Path → content: blocks after a line that begins with a path in backticks and ends with a colon. */
  readonly files: Readonly<Record<string, string>>;
}

export function quickStartOf(readme: string): QuickStart {
  const text = readFileSync(join(root, readme), 'utf8');
  const [, section] = /^## Quick start\n(.*?)^## /ms.exec(text) ?? [];
  if (!section) throw new Error(`${readme} has no section "Quick start"`);
  const commands = [...section.matchAll(/^```sh\n(.*?)^```$/gms)].flatMap(([, code = '']) => code.trim().split('\n'));
  const named = section.matchAll(/^`([\w./-]+)`[^\n]*:\n\n```\w+\n(.*?)^```$/gms);
  return { commands, files: Object.fromEntries([...named].map(([, path, code]) => [path, code])) };
}
