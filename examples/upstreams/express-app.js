// A log service with Express. Run: SSE_TOKEN=secret node express-app.js
import { createHash, timingSafeEqual } from 'node:crypto';
import { pipeline } from 'node:stream/promises';
import { setTimeout } from 'node:timers/promises';
import express from 'express';
import { LogStore, Subscription } from './log-store.js';

const { SSE_TOKEN, SSE_POLL_INTERVAL = '0.5', SSE_HEARTBEAT_INTERVAL = '15' } = process.env;
const { SQLITE_PATH = 'logs.db', PORT = '8610' } = process.env;
if (!SSE_TOKEN) throw new Error('SSE_TOKEN: expected the bearer token of clients, got none');
const pollMs = Number(SSE_POLL_INTERVAL) * 1_000;
const heartbeatMs = Number(SSE_HEARTBEAT_INTERVAL) * 1_000;
const store = new LogStore(SQLITE_PATH);

const digest = (text) => createHash('sha256').update(text).digest();

function checkToken(req, res, next) {
  const token = /^Bearer +(\S+)$/i.exec(req.get('authorization') ?? '')?.[1];
  if (token === undefined) return res.status(401).set('WWW-Authenticate', 'Bearer').end();
  if (!timingSafeEqual(digest(token), digest(SSE_TOKEN))) return res.status(403).end();
  next();
}

async function* texts(subscription) {
  // Neither `retry:` nor a heartbeat is followed by an empty line, because some clients take that for an event.
  yield `retry: 2000\n${subscription.firstText}`;
  let sentAt = performance.now();
  while (true) {
    let text = subscription.nextText();
    if (text === '') {
      await setTimeout(pollMs);
      if (performance.now() - sentAt < heartbeatMs) continue;
      text = ': heartbeat\n';
    }
    yield text;
    sentAt = performance.now();
  }
}

const app = express();

app.get('/logs/stream', checkToken, async (req, res) => {
  // Queries before the response begins: if the database fails now, the response can still be a 503.
  const subscription = new Subscription(store, req.get('last-event-id') ?? '');
  res.set({
    'Content-Type': 'text/event-stream; charset=utf-8',
    'Cache-Control': 'no-cache, no-transform',
    'X-Accel-Buffering': 'no',
  });
  try {
    // Asks for the next text once the socket takes more: back pressure. Ends the generator when the client leaves.
    await pipeline(texts(subscription), res);
  } catch (error) {
    if (error.code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
  }
});

app.use((error, _req, res, next) => {
  if (res.headersSent || error.code !== 'ERR_SQLITE_ERROR') return next(error);
  res.status(503).set('Retry-After', '5').json({ title: 'The database is unavailable' });
});

app.listen(Number(PORT), '127.0.0.1', (error) => {
  if (error) throw error;
  console.log(`http://127.0.0.1:${PORT}/logs/stream`);
});
