// A bare Express handler: one source, `res.write` to every browser, a list of past events. No bounds, no checks.
import express, { type Response } from 'express';
import { serve, upstream } from './serve.ts';
import { readSource } from './source.ts';

const browsers = new Set<Response>();
const past: string[] = [];
readSource(upstream, (event) => {
  const text = `${event}\n\n`;
  past.push(text);
  for (const res of browsers) res.write(text);
});
const app = express();
app.get('/sse/logs/stream', (req, res) => {
  res.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache, no-transform' });
  const cursor = req.get('last-event-id');
  // The upstream numbers its events from 1.
  res.write(`:ok\n\n${cursor === undefined ? '' : past.slice(Number(cursor)).join('')}`);
  browsers.add(res);
  res.on('close', () => browsers.delete(res));
});
serve(app);
