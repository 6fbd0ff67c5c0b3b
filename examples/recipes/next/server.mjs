import { sseProxy } from '@datashop/sse-proxy';
import express from 'express';
import next from 'next';

const app = next({ dev: process.env.NODE_ENV !== 'production' });
await app.prepare();
const handle = app.getRequestHandler();

const server = express();
const stream = sseProxy({ target: process.env.UPSTREAM });
server.get('/sse/logs/stream', stream);
// Next gets everything else.
server.use((req, res) => handle(req, res));
const listening = server.listen(Number(process.env.PORT ?? 3000), () => {
  console.log('http://localhost:%d', listening.address().port);
});

process.once('SIGTERM', async () => {
  listening.close();
  await stream.close({ graceMs: 5_000 });
  process.exit();
});
