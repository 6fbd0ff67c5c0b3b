import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';

/** Whether the process still runs. A zombie, which its parent has not reaped yet, does not. */
export function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2)[0] !== 'Z';
  } catch {
    // No /proc here, or the process ended in between: the next call shows which.
    return true;
  }
}

/** Resolves when the process is gone. Polls, because only a parent is notified of an end. */
export async function gone(pid: number): Promise<void> {
  while (alive(pid)) await setTimeout(10);
}

/**
 * True while a process of the group runs. Ended processes that their parent has not reaped don't count: a container
 * without an init process keeps them.
 */
export function groupAlive(group: number): boolean {
  try {
    process.kill(-group, 0);
  } catch {
    return false;
  }
  if (process.platform !== 'linux') return true;
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.some((pid) => groupOf(pid) === group && alive(Number(pid)));
}

/** The process group of a process; undefined if it has ended. */
function groupOf(pid: string): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[2]);
  } catch {
    return undefined;
  }
}
