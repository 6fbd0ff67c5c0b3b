import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { accessLog, adminPage, auditLog, redisMetrics, sseMetrics } from '@datashop/sse-metrics';
import { type SseProxyHandler, type SseProxyOptions, sseProxy } from '@datashop/sse-proxy';
import { redisFeeds, redisLimiter } from '@datashop/sse-redis';
import express from 'express';
import pino from 'pino';
import { Registry } from 'prom-client';
import { browse, type RawBrowser } from '../../../packages/sse-proxy/test/support/browser.ts';
import { cleaner, until } from '../../../packages/sse-proxy/test/support/until.ts';
import {
  type RawUpstream,
  rawUpstream,
  type UpstreamRequestSeen,
} from '../../../packages/sse-proxy/test/support/upstream.ts';
import { RedisServer } from '../../../packages/sse-redis/test/support/redis-server.ts';

/** One line of the access or audit log. */
export type Line = Record<string, unknown>;

/** One request for a stream. */
export interface Visitor {
  /**
   * `logs`, `narrow` (one upstream connection at most), `slow` (evicts after 200 ms), `gone` (no upstream), or, after
   * `startRedis()`, `relayed`.
   */
  route?: string;
  /** The route's parameter; another one for each visitor unless given. */
  workflow?: string;
  /** The user; another one for each visitor unless given. */
  user?: string;
  headers?: Record<string, string | null>;
}

/** Limits of the route `logs`. A step can reach each without the others. */
export const limits = { total: 130, perUser: 3, perMinute: 4, perHour: 6, maxEventBytes: 20_000 };

/** A proxy with all that an operator has: limits, metrics on a port of their own, logs, audit, admin page. */
export interface Scenario {
  readonly upstream: RawUpstream;
  /** Port of the routes and of the admin page, `/admin/streams`. */
  readonly port: number;
  readonly metricsPort: number;
  readonly proxies: readonly SseProxyHandler[];
  readonly log: readonly Line[];
  readonly audit: readonly Line[];
  /** What `/metrics` serves now. */
  metrics(): Promise<string>;
  /** The upstream answers requests with this request line with 503; undefined: none. */
  setAway(line: string | undefined): void;
  /** Starts a Redis and a route that shares feeds and limits over it. Resolves when both use it. */
  startRedis(): Promise<RedisServer>;
  /** Sends the request of a visitor. */
  visit(visitor?: Visitor): RawBrowser;
  close(): Promise<void>;
}

/** Starts it. The upstream answers with 200 and sends nothing by itself; to `/missing` it answers with 404. */
export async function startScenario(): Promise<Scenario> {
  const { add, clean } = cleaner();
  const log: Line[] = [];
  const audit: Line[] = [];
  const keep = (lines: Line[]) => pino({ base: null }, { write: (line: string) => void lines.push(JSON.parse(line)) });
  let away: string | undefined;
  const upstream = add(await rawUpstream((request) => answer(request, away)), (it) => it.close());
  const registry = new Registry();
  const observers = [
    sseMetrics({ registry }),
    accessLog({ log: keep(log) }),
    auditLog({ log: keep(audit), secret: 'a secret of the tests' }),
  ];
  const target = `http://127.0.0.1:${upstream.port}/:workflow`;
  const app = express();
  const route = (name: string, options: Partial<SseProxyOptions>) => {
    const proxy = add(sseProxy({ name, target, observers, warnings: false, ...options }), (it) => it.close());
    app.all(`/sse/${name}/:workflow`, proxy);
    return proxy;
  };
  const proxies = [
    route('logs', {
      authorize: (req) => (req.get('x-user') ? { key: req.get('x-user') as string } : false),
      limits: {
        total: limits.total,
        rules: [
          { name: 'user', max: limits.perUser },
          { name: 'workflow', key: (req) => String(req.params.workflow), opensPerMinute: limits.perMinute },
          { name: 'address', key: (req) => req.get('x-address'), opensPerHour: limits.perHour },
        ],
      },
      maxEventBytes: limits.maxEventBytes,
      resume: { minDelayMs: 20, maxDelayMs: 100 },
    }),
    route('narrow', { limits: { upstreams: 1 } }),
    route('slow', { slowClient: { maxStallMs: 200 } }),
    route('gone', { target: 'http://127.0.0.1:1/' }),
  ];
  app.use('/admin/streams', adminPage({ proxies, refreshMs: 250 }));
  const inside = express();
  inside.get('/metrics', async (_req, res) => void res.type(registry.contentType).send(await registry.metrics()));
  const port = await listen(add(createServer(app), stop));
  const metricsPort = await listen(add(createServer(inside), stop));

  async function startRedis(): Promise<RedisServer> {
    const server = add(await RedisServer.start(), (it) => it.close());
    const shared = { redis: server.url, onModeChange() {}, observers: [redisMetrics({ registry })] };
    const relay = add(redisFeeds(shared), (it) => it.close());
    const limiter = add(redisLimiter(shared), (it) => it.close());
    route('relayed', { limits: limiter, share: { relay } });
    await until(() => [relay, limiter].every((part) => part.stats().mode === 'shared'));
    return server;
  }

  let visitors = 0;
  return {
    upstream,
    port,
    metricsPort,
    proxies,
    log,
    audit,
    setAway: (line) => {
      away = line;
    },
    startRedis,
    metrics: async () => (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text(),
    visit({ route: name = 'logs', workflow, user, headers } = {}) {
      const n = ++visitors;
      const fields = { 'X-User': user ?? `user-${n}`, ...headers };
      return add(browse(port, `/sse/${name}/${workflow ?? `workflow-${n}`}`, fields), (it) => it.leave());
    },
    close: clean,
  };
}

function answer(request: UpstreamRequestSeen, away: string | undefined): void {
  if (request.line === away) request.raw('HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n');
  else if (request.line.includes('/missing')) request.raw('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n');
  else request.begin();
}

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

async function stop(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
}
