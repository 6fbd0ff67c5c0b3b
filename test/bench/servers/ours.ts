// The built @datashop/sse-proxy with its features on. With the flag `shared`, browsers share one upstream connection; with
// `source`, a source of this process that reads the same upstream.
// With the flag `entry=URL`, another build of the package is measured.
import express from 'express';
import { entry, fromSource, heartbeatMs, serve, shared, upstream } from './serve.ts';
import { readEvents } from './source.ts';

const { sseProxy } = (await import(entry ?? '@datashop/sse-proxy')) as typeof import('@datashop/sse-proxy');

let open = 0;
const observer = {
  onOpen: () => void open++,
  onClose: () => void open--,
};
const app = express();
app.get(
  '/sse/logs/stream',
  sseProxy({
    ...(fromSource
      ? { source: () => readEvents(upstream), share: { key: () => 'all', lingerMs: 60_000 } }
      : { target: `${upstream}/logs/stream`, share: shared && { lingerMs: 60_000 } }),
    // The default limit is 10,000; a few more connect here.
    limits: { total: 20_000 },
    observers: [observer],
    ...(heartbeatMs !== undefined && { heartbeatMs }),
  }),
);
serve(app);
