import { spawnSync } from 'node:child_process';
import os from 'node:os';

/*
 * A server that shares its core with those who send to it and read from it is interrupted at every event, and pays for
 * coming back to cold caches; how often is a matter of luck. So it has the first core, and all others share the rest.
 */

const variable = 'BENCH_SERVER_CORE';

/** Puts all threads of this process on these cores; those it starts inherit that. Needs Linux and util-linux' taskset. */
function stayOn(cores: string): boolean {
  return spawnSync('taskset', ['-a', '-p', '-c', cores, String(process.pid)], { stdio: 'ignore' }).status === 0;
}

/** In the benchmark's own process: leaves the first core to the server. Says whether that could be done. */
export function leaveServerCore(): boolean {
  const cores = os.availableParallelism();
  const left = cores > 1 && stayOn(cores === 2 ? '1' : `1-${cores - 1}`);
  if (left) process.env[variable] = '0';
  return left;
}

/** In a server's process, before it starts anything: goes where the others are not. */
export function takeServerCore(): void {
  const core = process.env[variable];
  if (core !== undefined && !stayOn(core)) throw new Error(`taskset could not put this process on core ${core}`);
}
