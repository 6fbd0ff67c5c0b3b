// better-sse in several processes: this one reads the upstream and publishes to Redis, as each one broadcasts what
// Redis sends.
import { type Channel, createChannel, createSession } from 'better-sse';
import express from 'express';
import { createClient } from 'redis';
import { feeds, heartbeatMs, redisUrl, serve, upstream } from './serve.ts';
import { readSource } from './source.ts';

const publisher = createClient({ url: redisUrl ?? '' });
const subscriber = publisher.duplicate();
await Promise.all([publisher.connect(), subscriber.connect()]);

const channels = new Map<string, Channel>();
for (const feed of feeds ?? ['all']) {
  const channel = createChannel();
  channels.set(feed, channel);
  await subscriber.subscribe(feed, (data) => channel.broadcast(JSON.parse(data), 'message'));
  const publish = (event: string) => void publisher.publish(feed, event.slice(event.indexOf('data: ') + 6));
  readSource(upstream, publish, feeds && `/logs/stream/${feed}`);
}

const app = express();
app.get('/sse/logs/stream{/:feed}', async (req, res) => {
  const session = await createSession(req, res, heartbeatMs === undefined ? {} : { keepAlive: heartbeatMs });
  channels.get(String(req.params.feed ?? 'all'))?.register(session);
});
serve(app);
