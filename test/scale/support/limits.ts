import { readFileSync } from 'node:fs';

/** Why a process may not open `needed` file descriptors here; undefined if it may. */
export function fdShortage(needed: number): string | undefined {
  if (process.platform !== 'linux') return undefined;
  // Node lifts its soft limit to the hard one as it starts, and so do the processes that it starts.
  const [, limit = ''] = /^Max open files\s+(\S+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
  if (limit === 'unlimited' || Number(limit) >= needed) return undefined;
  return `a process needs ${needed} file descriptors here, the limit is ${limit}: raise it (ulimit -Hn)`;
}
