// A controller as one writes it by hand: http.request and res.write.
import { request } from 'node:http';
import express from 'express';
import { serve, upstream } from './serve.ts';

const app = express();
app.get('/sse/logs/stream', (_req, res) => {
  res.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache, no-transform' });
  res.flushHeaders();
  const up = request(
    `${upstream}/logs/stream`,
    { agent: false, headers: { accept: 'text/event-stream' } },
    (answer) => {
      answer.on('data', (bytes) => res.write(bytes));
      answer.on('end', () => res.end());
    },
  );
  up.on('error', () => res.destroy());
  up.end();
  res.on('close', () => up.destroy());
});
serve(app);
