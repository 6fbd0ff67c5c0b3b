// What a TypeScript user writes as an ES module. The tools of a throwaway project check it.
import { logStreamRouter, SqliteLogStore } from '@datashop/log-stream';
import { createEventStream, type StreamSnapshot } from '@datashop/sse-client';
import { localPersistence } from '@datashop/sse-client/persist';
import { accessLog, sseMetrics } from '@datashop/sse-metrics';
import { clientSubnet, type SseProxyOptions, sseProxy, sseRouter } from '@datashop/sse-proxy';
import { redisFeeds, redisLimiter } from '@datashop/sse-redis';
import express from 'express';
import { Registry } from 'prom-client';

const registry = new Registry();
const options: SseProxyOptions = {
  target: 'https://logs.internal/workflow/:workflow/logs/stream',
  authorize: (req) => ({ key: String(req.headers.authorization), fields: { workflow: String(req.params.workflow) } }),
  share: { transform: (event) => ({ ...event, data: event.data.trim() }) },
  limits: redisLimiter({
    redis: 'redis://127.0.0.1',
    limits: { rules: [{ name: 'address', key: (req) => clientSubnet(req.ip ?? ''), max: 5 }] },
  }),
  observers: [sseMetrics({ registry }), accessLog({ log: { info() {}, warn() {} } })],
};
const stream = sseProxy(options);
const relay = redisFeeds({ redis: 'redis://127.0.0.1' });
const routes = sseRouter({ '/sse/:workflow': { ...options, share: { relay } } });
const app = express();
app.get('/workflow/:workflow/stream', stream);
app.use(routes);
app.use(logStreamRouter({ store: new SqliteLogStore({ path: ':memory:' }), token: 'secret' }));
export const open: number = stream.stats().open;

const client = createEventStream('/sse', { persist: localPersistence({ scope: 'a' }) });
export const status: StreamSnapshot['status'] = client.getSnapshot().status;
// @ts-expect-error an option that does not exist
sseProxy({ target: 'https://logs.internal', hartbeatMs: 1 });
