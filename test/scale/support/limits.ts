import { readFileSync } from 'node:fs';

/** The reason why a process can't open `needed` file descriptors on this machine; undefined if it can. */
export function fdShortage(needed: number): string | undefined {
  if (process.platform !== 'linux') return undefined;
  // Node and its child processes raise their soft limit to the hard one at start.
  const [, limit = ''] = /^Max open files\s+(\S+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
  if (limit === 'unlimited' || Number(limit) >= needed) return undefined;
  return `a process needs ${needed} file descriptors here, the limit is ${limit}: raise it (ulimit -Hn)`;
}
