// What every server under test has in common. Its arguments: the upstream's URL, then the heartbeat's period in
// milliseconds or 'default', then flags.
import type { RequestListener } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo, Server } from 'node:net';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { answer } from '../../scale/support/child.ts';
import { takeServerCore } from '../cores.ts';

/** What a server has used up until now. */
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
/** What `app.listen(port)` gives: more would let more connections be accepted in one turn of the event loop. */
export const backlog = 511;

const delays = monitorEventLoopDelay({ resolution: 1 });
let longestTurnUs = 0;

function threadCpuUs(): number {
  const { user, system } = process.threadCpuUsage();
  return user + system;
}

/** Between two runs of a timer lies one turn of the loop: what it used does not grow when other processes are busy. */
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
  /** Of the event loop's turns since `watchLoop`: how long it was away at most, and how much CPU one took at most. */
  longestTurn(): { blockMs: number; turnCpuMs: number } {
    delays.disable();
    return { blockMs: delays.max / 1e6, turnCpuMs: longestTurnUs / 1e3 };
  },
};
export type ServerAnswers = typeof answers;

/** Tells the benchmark where this server listens. */
export function ready(port: number): void {
  answer(port, answers);
}

/** Starts to listen on a port of the system's choice. */
export function listen(server: Server): void {
  server.listen({ port: 0, host: '127.0.0.1', backlog }, () => ready((server.address() as AddressInfo).port));
}

/** Serves HTTP. */
export function serve(listener: RequestListener): void {
  listen(createServer(listener));
}
