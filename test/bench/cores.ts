import { spawnSync } from 'node:child_process';
import os from 'node:os';

/*
 * The server under test has the first core to itself, and all other processes share the rest. Otherwise the processes
 * that it wakes interrupt it at random and leave it with cold caches.
 */

const variable = 'BENCH_SERVER_CORE';

/**
 * Moves all threads of this process, and later its children, to these cores. Needs Linux and `taskset` of util-linux.
 */
function stayOn(cores: string): boolean {
  return spawnSync('taskset', ['-a', '-p', '-c', cores, String(process.pid)], { stdio: 'ignore' }).status === 0;
}

/** Called by the benchmark's own process: leaves the first core to the server. Returns false if that is impossible. */
export function leaveServerCore(): boolean {
  const cores = os.availableParallelism();
  const left = cores > 1 && stayOn(cores === 2 ? '1' : `1-${cores - 1}`);
  if (left) process.env[variable] = '0';
  return left;
}

/** Called by a server's process before it starts anything: moves to the first core. */
export function takeServerCore(): void {
  const core = process.env[variable];
  if (core !== undefined && !stayOn(core)) throw new Error(`taskset could not put this process on core ${core}`);
}
