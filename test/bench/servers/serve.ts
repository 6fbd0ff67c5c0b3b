// Common part of all servers under test. Arguments: the upstream's URL, the heartbeat's period in milliseconds or
// 'default', flags. With the flag `beside`, the server is not the one under test, and leaves its core to that.
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

const [, , upstreamUrl = '', heartbeat = 'default', ...flags] = process.argv;
if (!flags.includes('beside')) takeServerCore();

/** The value of a flag `name=value`. */
function flagValue(name: string): string | undefined {
  return flags.find((flag) => flag.startsWith(`${name}=`))?.slice(name.length + 1);
}

/** The upstream's origin. */
export const upstream = upstreamUrl;
/** Period of the server's own heartbeats in milliseconds; undefined for its default. */
export const heartbeatMs = heartbeat === 'default' ? undefined : Number(heartbeat);
export const shared = flags.includes('shared');
/** Whether the events come from a source in the server's own process. */
export const fromSource = flags.includes('source');
/** URL of the build of sse-proxy to measure; undefined for this checkout's. */
export const entry = flagValue('entry');
/** URL of the Redis that the instances share; undefined without one. */
export const redisUrl = flagValue('redis');
const feedCount = flagValue('feeds');
/** Names of the feeds, each at a path of its own below those of one feed; undefined for one feed. */
export const feeds = feedCount === undefined ? undefined : Array.from({ length: Number(feedCount) }, (_, n) => `${n}`);
/**
 * The backlog of `app.listen(port)`. A longer one would let more connections be accepted in one turn of the event loop.
 */
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
  /** Feeds that this instance reads for all, if it shares them over Redis. */
  led: () => 0,
};
export type ServerAnswers = typeof answers;

/** Sends the server's port to the benchmark. @param own answers that differ from those of other servers */
export function ready(port: number, own: Partial<ServerAnswers> = {}): void {
  answer(port, { ...answers, ...own });
}

/** Listens on a free port. */
export function listen(server: Server, own?: Partial<ServerAnswers>): void {
  server.listen({ port: 0, host: '127.0.0.1', backlog }, () => ready((server.address() as AddressInfo).port, own));
}

/** Serves HTTP on a free port. */
export function serve(listener: RequestListener, own?: Partial<ServerAnswers>): void {
  listen(createServer(listener), own);
}
