import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const running = new Set<ChildProcess>();

/** Starts one of the scripts in this folder. `killChildren` kills it. */
export function startScript(script: string, args: readonly string[]) {
  const path = fileURLToPath(new URL(script, import.meta.url));
  const child = spawn(process.execPath, [path, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  running.add(child);
  return child;
}

/** Starts a process that has executed `sql` on the database and keeps its transaction open. */
export async function holdTransaction(path: string, sql: string) {
  const child = startScript('holder.ts', [path, sql]);
  await once(child.stdout, 'data');
  return child;
}

/** Kills a process and resolves when its locks are gone. */
export async function kill(child: ChildProcess): Promise<void> {
  running.delete(child);
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

export async function killChildren(): Promise<void> {
  await Promise.all([...running].map(kill));
}
