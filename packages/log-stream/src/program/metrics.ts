import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { LogStore } from '../log-store.ts';
import type { LogStreamObserver } from '../types.ts';
import { driver, named } from './open-store.ts';
import type { MetricsSettings } from './settings.ts';

/** The observers that measure, and the port that serves their metrics. */
export interface Metrics {
  readonly observers: readonly LogStreamObserver[];
  /** Opens the port. @throws Error whose message names the variable at fault */
  listen(): Promise<Server>;
}

/** @throws Error that names a package that is missing */
export async function openMetrics({ port, host }: MetricsSettings, store: LogStore): Promise<Metrics> {
  const { Registry } = await driver(() => import('prom-client'), 'prom-client');
  const metrics = await driver(() => import('@datashop/sse-metrics'), '@datashop/sse-metrics');
  const registry = new Registry();
  const observers = [
    metrics.forLogService(metrics.sseMetrics({ registry })),
    metrics.logServiceMetrics({ registry, store }),
  ];
  const server = createServer(async (req, res) => {
    const isKnown = req.method === 'GET' && req.url === '/metrics';
    res.statusCode = isKnown ? 200 : 404;
    if (isKnown) res.setHeader('Content-Type', registry.contentType);
    res.end(isKnown ? await registry.metrics() : undefined);
  });
  return {
    observers,
    listen: async () => {
      await named(`METRICS_PORT ${port}`, () => once(server.listen(port, host), 'listening'));
      return server;
    },
  };
}
