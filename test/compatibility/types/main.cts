// What a TypeScript user writes in CommonJS. The tools of a throwaway project check it.
import { createEventStream, type StreamSnapshot } from '@datashop/sse-client';
import { localPersistence } from '@datashop/sse-client/persist';
import { type SseProxyOptions, sseProxy, sseRouter } from '@datashop/sse-proxy';

import express from 'express';

const options: SseProxyOptions = {
  target: 'https://logs.internal/workflow/:workflow/logs/stream',
  authorize: (req) => ({ key: String(req.headers.authorization) }),
};
const app = express();
app.get('/workflow/:workflow/stream', sseProxy(options));
app.use(sseRouter({ '/sse/:workflow': options }));

const client = createEventStream('/sse', { persist: localPersistence({ scope: 'a' }) });
export const status: StreamSnapshot['status'] = client.getSnapshot().status;
// @ts-expect-error an option that does not exist
sseProxy({ target: 'https://logs.internal', hartbeatMs: 1 });
