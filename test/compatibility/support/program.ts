import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Project } from '../../packages/support/project.ts';
import { within } from './cell.ts';

/** A user's server. */
export interface Program {
  /** The ports that it listens on, by the names that it gives them. */
  readonly ports: Readonly<Record<string, number>>;
  /** Ends it. @throws if it wrote anything to its standard error, such as a warning of Node.js */
  stop(): Promise<void>;
}

const programs = fileURLToPath(new URL('../programs', import.meta.url));

/**
 * Copies a file of `programs/` into a project and runs it. Its first line is the JSON of its ports.
 * @param command executable and arguments in front of the file
 */
export async function startProgram(
  project: Project,
  file: string,
  args: readonly string[],
  command: readonly string[] = [process.execPath],
): Promise<Program> {
  cpSync(join(programs, file), join(project.dir, file));
  const [executable = '', ...before] = command;
  const child = spawn(executable, [...before, file, ...args], { cwd: project.dir, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let complaints = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    output += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text) => {
    complaints += text;
  });
  const exit = once(child, 'close');
  const listening = (async () => {
    while (!output.includes('\n')) await once(child.stdout, 'data');
    return true;
  })();
  const started = await within(`${file} listens`, Promise.race([listening, exit.then(() => false)])).catch(() => false);
  if (!started) {
    child.kill('SIGKILL');
    await exit;
    throw new Error(`${file} did not listen:\n${output}${complaints}`);
  }
  return {
    ports: JSON.parse(output.slice(0, output.indexOf('\n'))),
    async stop() {
      child.kill('SIGKILL');
      await exit;
      if (complaints !== '') throw new Error(`${file} wrote to its standard error:\n${complaints}`);
    },
  };
}
