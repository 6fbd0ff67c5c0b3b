// Common part of all servers under test. Arguments: the upstream's URL, the heartbeat's period in milliseconds or
// 'default', flags.
import type { RequestListener } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo, Server } from 'node:net';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { answer } from '../../scale/support/child.ts';
import { takeServerCore } from '../cores.ts';

/** CPU time and memory that a server has used. */
export interface Usage {
  readonly cpuUs: number;
  readonly rssKb: number;
}

takeServerCore();

const [, , upstreamUrl = '', heartbeat = 'default', ...flags] = process.argv;

/** The upstream's origin. */
export const upstream = upstreamUrl;
/** Period of the server's own heartbeats in milliseconds; undefined for its default. */
export const heartbeatMs = heartbeat === 'default' ? undefined : Number(heartbeat);
export const shared = flags.includes('shared');
/** Whether the events come from a source in the server's own process. */
export const fromSource = flags.includes('source');
/** URL of the build of sse-proxy to measure; undefined for this checkout's. */
export const entry = flags.find((flag) => flag.startsWith('entry='))?.slice('entry='.length);
/** The backlog of `app.listen(port)`. A longer one would let more connections be accepted in one turn of the event loop. */
export const backlog = 511;

const delays = monitorEventLoopDelay({ resolution: 1 });
let longestTurnUs = 0;

function threadCpuUs(): number {
  const { user, system } = process.threadCpuUsage();
  return user + system;
}

/** CPU time of one turn of the event loop, which does not depend on other processes. */
function watchTurns(): void {
  let before = threadCpuUs();
  setInterval(() => {
    const now = threadCpuUs();
    longestTurnUs = Math.max(longestTurnUs, now - before);
    before = now;
  }, 1);
}

const answers = {
  usage(): Usage {
    const { user, system } = process.cpuUsage();
    return { cpuUs: user + system, rssKb: process.memoryUsage.rss() / 1024 };
  },
  watchLoop(): void {
    delays.enable();
    watchTurns();
  },
  /** Longest block of the event loop and most CPU time of one turn, since `watchLoop`. */
  longestTurn(): { blockMs: number; turnCpuMs: number } {
    delays.disable();
    return { blockMs: delays.max / 1e6, turnCpuMs: longestTurnUs / 1e3 };
  },
};
export type ServerAnswers = typeof answers;

/** Sends the server's port to the benchmark. */
export function ready(port: number): void {
  answer(port, answers);
}

/** Listens on a free port. */
export function listen(server: Server): void {
  server.listen({ port: 0, host: '127.0.0.1', backlog }, () => ready((server.address() as AddressInfo).port));
}

/** Serves HTTP on a free port. */
export function serve(listener: RequestListener): void {
  listen(createServer(listener));
}
