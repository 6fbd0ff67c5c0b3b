import { createChannel, createSession } from 'better-sse';
import express from 'express';
import { heartbeatMs, serve, upstream } from './serve.ts';
import { readSource } from './source.ts';

const channel = createChannel();
readSource(upstream, (event) => channel.broadcast(JSON.parse(event.slice(event.indexOf('data: ') + 6)), 'message'));
const app = express();
app.get('/sse/logs/stream', async (req, res) => {
  channel.register(await createSession(req, res, heartbeatMs === undefined ? {} : { keepAlive: heartbeatMs }));
});
serve(app);
