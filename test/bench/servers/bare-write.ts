// What every server that passes logs to listeners does at least: one `res.write` of each log to each of them.
import express, { type Response } from 'express';
import { serve, upstream } from './serve.ts';
import { readSource } from './source.ts';

const listeners = new Set<Response>();
readSource(upstream, (event) => {
  const bytes = Buffer.from(`${event}\n\n`);
  for (const res of listeners) res.write(bytes);
});
const app = express();
app.get('/sse/logs/stream', (_req, res) => {
  res.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache, no-transform' });
  res.flushHeaders();
  listeners.add(res);
  res.on('close', () => listeners.delete(res));
});
serve(app);
