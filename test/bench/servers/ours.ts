// The built @datashop/sse-proxy with its features on. With the flag `shared`, browsers share one upstream connection;
// with `source`, a source of this process that reads the same upstream.
// With the flag `entry=URL`, another build of the package is measured. With the flag `observed`, it has metrics, which
// are scraped every 5 seconds, and access and audit logs, which pino writes to a file. With the flag `transform`, each
// event is redacted for each browser; with `share-transform` once for all of them. With `redis=URL`, instances share
// feeds.

import type { SseEvent, SseObserver } from '@datashop/sse-proxy';
import express from 'express';
import { entry, feeds, fromSource, heartbeatMs, redisUrl, serve, shared, upstream } from './serve.ts';
import { readEvents } from './source.ts';

const { sseProxy } = (await import(entry ?? '@datashop/sse-proxy')) as typeof import('@datashop/sse-proxy');

let open = 0;
const observer = {
  onOpen: () => void open++,
  onClose: () => void open--,
};
const isObserved = process.argv.includes('observed');
const isTransformed = process.argv.includes('transform');
const isShareTransformed = process.argv.includes('share-transform');
/** What a redaction of logs costs at least: it finds nothing in the data. */
const redact = (event: SseEvent): SseEvent => ({ ...event, data: event.data.replace(/(password|token)=\S+/g, '$1=…') });
const relay =
  redisUrl === undefined ? undefined : (await import('@datashop/sse-redis')).redisFeeds({ redis: redisUrl });
const feedPath = feeds ? '/:feed' : '';
const app = express();
app.get(
  `/sse/logs/stream${feedPath}`,
  sseProxy({
    ...(fromSource
      ? { source: () => readEvents(upstream), share: { key: () => 'all', lingerMs: 60_000 } }
      : {
          target: `${upstream}/logs/stream${feedPath}`,
          share: shared && {
            lingerMs: 60_000,
            ...(relay && { relay }),
            ...(isShareTransformed && { transform: redact }),
          },
        }),
    ...(isTransformed && { transform: redact }),
    // The default limit is 10,000; a few more connect here.
    limits: { total: 20_000 },
    observers: isObserved ? await observersOf(app) : [observer],
    ...(heartbeatMs !== undefined && { heartbeatMs }),
  }),
);
serve(app, { led: () => relay?.stats().led ?? 0 });

/** All that sse-metrics has. */
async function observersOf(it: express.Express): Promise<SseObserver[]> {
  const [{ accessLog, auditLog, sseMetrics }, { default: pino }, { Registry }] = await Promise.all([
    import('@datashop/sse-metrics'),
    import('pino'),
    import('prom-client'),
  ]);
  const registry = new Registry();
  const log = pino(pino.destination({ dest: '/dev/null', sync: false }));
  const metrics = sseMetrics({ registry });
  // Three times as often as Prometheus does by default, so that each round has one.
  setInterval(() => void registry.metrics(), 5_000).unref();
  it.get('/metrics', async (_req, res) => void res.type(registry.contentType).send(await registry.metrics()));
  return [metrics, accessLog({ log }), auditLog({ log }), observer];
}
