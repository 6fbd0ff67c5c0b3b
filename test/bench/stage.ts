import { type Answers, type Child, startChild } from '../scale/support/child.ts';
import type { Server } from './catalogue.ts';
import { findProgram } from './installed.ts';
import { sourceAddress } from './limits.ts';
import type { BrowsersAnswers, ConnectReport } from './processes/browsers.ts';
import type { RedisAnswers, RedisUsage } from './processes/redis.ts';
import type { UpstreamAnswers } from './processes/upstream.ts';
import type { ServerAnswers, Usage } from './servers/serve.ts';
import { merge } from './stats.ts';
import type { Shape } from './workloads.ts';

/** Longest wait for one condition in a round, in milliseconds. */
export const patienceMs = 60_000;

/** A round without figures; the message says why. */
export class InvalidRound extends Error {}

/** The processes of one round: upstream, server under test, browsers, and Redis. All are new in each round. */
export interface Stage {
  readonly upstream: Child<UpstreamAnswers>;
  /** undefined: browsers connect to the upstream. */
  readonly server: Child<ServerAnswers> | undefined;
  readonly browsers: readonly Child<BrowsersAnswers>[];
  readonly port: number;
  readonly path: string;
  /** Number of feeds. */
  readonly feeds: number;
  /** What the server is in a fleet; undefined without Redis. */
  readonly role: Server['role'];
  /** What Redis has used; undefined without it. */
  redisUsage(): Promise<RedisUsage | undefined>;
  /** The server's CPU time and memory before its first browser. */
  readonly before: Usage;
  usage(): Promise<Usage>;
  stop(): Promise<void>;
}

const noUsage: Usage = { cpuUs: 0, rssKb: 0 };

function start<T extends Answers>(script: string, args: readonly string[] = []): Promise<Child<T>> {
  return startChild<T>(new URL(script, import.meta.url).href, args);
}

/** Starts the processes for `server`. @param heartbeatMs period of its heartbeats; undefined: its default */
export async function setStage(server: Server, shape: Shape, heartbeatMs?: number): Promise<Stage> {
  const started: Child<Answers>[] = [];
  const add = async <T extends Answers>(starting: Promise<Child<T>>): Promise<Child<T>> => {
    const child = await starting;
    started.push(child as unknown as Child<Answers>);
    return child;
  };
  const stop = async () => {
    await Promise.all(started.map((child) => child.stop()));
  };
  try {
    const upstream = await add(start<UpstreamAnswers>('./processes/upstream.ts'));
    const args = [`http://127.0.0.1:${upstream.port}`, String(heartbeatMs ?? 'default'), ...(server.flags?.() ?? [])];
    if (shape.feeds !== undefined) args.push(`feeds=${shape.feeds}`);
    const redisPath = server.needsRedis ? findProgram('redis-server') : undefined;
    const redis = redisPath ? await add(start<RedisAnswers>('./processes/redis.ts', [redisPath])) : undefined;
    if (redis) args.push(`redis=redis://127.0.0.1:${redis.port}`);
    const feeds = shape.feeds ?? 1;
    const path = server.path ?? '/sse/logs/stream';
    const startServer = (...flags: string[]) =>
      add(start<ServerAnswers>(`./servers/${server.script}`, [...args, ...flags]));
    // One browser for each feed makes the other process its leader.
    if (server.role === 'follower') {
      const leader = await startServer('beside');
      const first = await add(start<BrowsersAnswers>('./processes/browsers.ts'));
      const order = { path, feeds: shape.feeds, count: feeds, atOnce: 200, withinMs: patienceMs };
      await first.ask('connect', { ...order, port: leader.port });
      await upstream.ask('connections', { count: feeds, withinMs: patienceMs });
    }
    const child = server.script ? await startServer() : undefined;
    const { port } = child ?? upstream;
    if (server.publishTo) await upstream.ask('publishTo', { port, path: server.publishTo, feeds });
    const browsers: Child<BrowsersAnswers>[] = [];
    for (let n = shape.browsers > 20 ? 2 : 1; n > 0; n--) {
      browsers.push(await add(start<BrowsersAnswers>('./processes/browsers.ts')));
    }
    const usage = async () => (await child?.ask('usage')) ?? noUsage;
    return {
      upstream,
      server: child,
      browsers,
      port,
      path,
      feeds,
      role: server.role,
      redisUsage: async () => redis?.ask('usage'),
      usage,
      stop,
      before: await usage(),
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** State of the browsers of all processes. */
export interface Connected extends Omit<ConnectReport, 'openedAfterUs'> {
  /** Sorted. */
  readonly openedAfterUs: Float64Array;
}

/** Connects `count` browsers, or reconnects those that left, `atOnce` at a time over all processes. */
export async function connectBrowsers(
  stage: Stage,
  how: 'connect' | 'reconnect',
  count: number,
  atOnce: number,
  feeds?: number,
): Promise<Connected> {
  const { browsers, port, path } = stage;
  const each = Math.ceil(count / browsers.length);
  const reports = await Promise.all(
    browsers.map((child, index) =>
      child.ask(how, {
        port,
        path,
        localAddress: sourceAddress(index, count),
        count: Math.min(each, count - index * each),
        feeds,
        firstFeed: index * each,
        atOnce: Math.ceil(atOnce / browsers.length),
        withinMs: patienceMs,
      }),
    ),
  );
  const failures = tally(reports.map((report) => report.failures));
  return {
    open: reports.reduce((sum, { open }) => sum + open, 0),
    failures,
    tookMs: Math.max(...reports.map(({ tookMs }) => tookMs)),
    openedAfterUs: merge(reports.map(({ openedAfterUs }) => openedAfterUs)),
  };
}

/** Connects the shape's browsers. Resolves when the upstream has the expected number of connections. */
export async function fill(stage: Stage, server: Server, shape: Shape): Promise<Connected> {
  const connected = await connectBrowsers(stage, 'connect', shape.browsers, 200, shape.feeds);
  if (connected.open < shape.browsers) {
    throw new InvalidRound(`${connected.open} of ${shape.browsers} browsers connected${because(connected.failures)}`);
  }
  const wanted = server.publishTo ? 0 : server.shared ? stage.feeds : shape.browsers;
  const there = await stage.upstream.ask('connections', { count: wanted, withinMs: patienceMs });
  if (there < wanted) throw new InvalidRound(`${there} of ${wanted} upstream connections`);
  return connected;
}

/** The reasons why browsers are not connected, as text. */
export function because(failures: Record<string, number>): string {
  const reasons = Object.entries(failures).map(([why, count]) => `${count} ${why}`);
  return reasons.length > 0 ? `: ${reasons.join(', ')}` : '';
}

/** Adds up counts by name. */
export function tally(parts: readonly Record<string, number>[]): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const part of parts) for (const [name, count] of Object.entries(part)) sums[name] = (sums[name] ?? 0) + count;
  return sums;
}
