import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './run.ts';

/** A running program of a project. */
export interface Program {
  /** Port that it listens on. */
  readonly port: number;
  stop(): Promise<void>;
}

/** A user's project outside of the repository: its imports resolve from the registry or from a packed tarball only. */
export interface Project {
  readonly dir: string;
  write(file: string, text: string): void;
  /** Starts a file that sends its port to the parent by `process.send({ port })`. */
  start(file: string, ...args: string[]): Promise<Program>;
}

/** Makes a project in `dir` and installs its dependencies. */
export async function createProject(
  dir: string,
  type: 'module' | 'commonjs',
  dependencies: Record<string, string>,
): Promise<Project> {
  mkdirSync(dir);
  const write = (file: string, text: string) => writeFileSync(join(dir, file), text);
  write('package.json', JSON.stringify({ name: 'a-users-project', private: true, type, dependencies }));
  await run(dir, 'npm', 'install', '--no-audit', '--no-fund', '--ignore-scripts', '--prefer-offline');
  return { dir, write, start: (file, ...args) => start(join(dir, file), args) };
}

async function start(path: string, args: string[]): Promise<Program> {
  const child = fork(path, args, { cwd: join(path, '..'), stdio: ['ignore', 'inherit', 'pipe', 'ipc'] });
  const complaints: Buffer[] = [];
  child.stderr?.on('data', (data) => complaints.push(data));
  const exit = once(child, 'exit');
  const told = await Promise.race([once(child, 'message'), exit.then(() => undefined)]);
  if (!told) throw new Error(`${path} ended before it listened:\n${Buffer.concat(complaints)}`);
  return {
    port: told[0].port,
    async stop() {
      child.kill('SIGKILL');
      await exit;
    },
  };
}
