import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { findExecutable } from '../../../scripts/needs.mjs';

/** Path of a file below the repository's root. */
export const inRepository = (path: string) => fileURLToPath(new URL(`../../../${path}`, import.meta.url));

/** The alert rules that are deployed. */
export const alertRules = inRepository('examples/deploy/prometheus/alerts.yml');

/** Runs a tool and returns its output. @throws Error with its output if it fails */
export async function runTool(name: 'promtool' | 'amtool', args: readonly string[], input = ''): Promise<string> {
  const child = spawn(findExecutable(name) ?? name, args, { stdio: 'pipe' });
  child.stdin.end(input);
  const ended = new Promise<number | null>((resolve, reject) => child.once('close', resolve).once('error', reject));
  const [code, stdout, stderr] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
  if (code !== 0) throw new Error(`${name} ${args.join(' ')} failed:\n${stdout}${stderr}`);
  return stdout.trim();
}
