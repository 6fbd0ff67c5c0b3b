import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { answer } from '../../scale/support/child.ts';
import { freePort } from '../../support/free-ports.ts';
import type { ServerAnswers, Usage } from './serve.ts';

// Runs a program until standard input ends: whenever this process ends, the pipe closes, and the program ends too.
const untilInputEnds =
  'directory=$1; shift; "$@" & program=$!; echo "$program"; cat > /dev/null; kill -9 "$program"; wait "$program" 2> /dev/null; rm -r "$directory"';
/**
 * [spec] proc(5): times in `stat` count in USER_HZ, which is 100 for every program on Linux. This is too coarse for a
 * light load.
 */
const usPerTick = 10_000;

/** A program other than Node that runs until this process ends. */
export interface Native {
  readonly port: number;
  /** What it, and its workers, have used, read from /proc. */
  usage(): Usage;
}

/** Runs a program. Resolves when it accepts connections. @param command must print nothing to standard output */
export async function runNative(command: (port: number, directory: string) => string[]): Promise<Native> {
  const directory = mkdtempSync(join(tmpdir(), 'sse-bench-'));
  const port = await freePort();
  const shell = spawn('sh', ['-c', untilInputEnds, 'sh', directory, ...command(port, directory)], {
    stdio: ['pipe', 'pipe', 'inherit'],
    // A group of its own: Ctrl-C would end the shell, but not the program in its background.
    detached: true,
  });
  shell.on('exit', () => process.exit(1));
  const pid = await new Promise<number>((resolve) => shell.stdout.once('data', (text) => resolve(Number(text))));
  while (!(await accepts(port))) await new Promise((resolve) => setTimeout(resolve, 20));
  return { port, usage: () => usageOf(pid) };
}

/** Runs a server other than Node and measures it. */
export async function serveNative(command: (port: number, directory: string) => string[]): Promise<void> {
  const { port, usage } = await runNative(command);
  answer(port, { usage } satisfies Pick<ServerAnswers, 'usage'>);
}

function usageOf(pid: number): Usage {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const own = { cpuUs: cpuOf(pid), rssKb: Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]) };
  return workersOf(pid)
    .map(usageOf)
    .reduce((sum, { cpuUs, rssKb }) => ({ cpuUs: sum.cpuUs + cpuUs, rssKb: sum.rssKb + rssKb }), own);
}

function workersOf(pid: number): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number);
  } catch {
    // A kernel without this file.
    return [];
  }
}

function cpuOf(pid: number): number {
  try {
    // [spec] sched-stats: the first number is the time on a CPU, in nanoseconds; one file for each thread.
    const threads = readdirSync(`/proc/${pid}/task`);
    const times = threads.map((thread) => readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8'));
    return times.reduce((sum, text) => sum + Number.parseInt(text, 10), 0) / 1e3;
  } catch {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name in parentheses may hold spaces; utime and stime are the 12th and 13th field after it.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) * usPerTick;
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => resolve(true));
    socket.on('error', () => resolve(false));
    socket.on('connect', () => socket.destroy());
  });
}
