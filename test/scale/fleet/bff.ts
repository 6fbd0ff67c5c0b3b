// One instance of the fleet: Express, the middleware, limits and feeds in Redis. Its argument is a BffSetUp as JSON.
import type { AddressInfo } from 'node:net';
import { sseProxy } from '@datashop/sse-proxy';
import { redisFeeds, redisLimiter } from '@datashop/sse-redis';
import express from 'express';
import { answer } from '../support/child.ts';

export interface BffSetUp {
  /** 0: a free one. A restart takes the port of the instance that it replaces, which nginx knows. */
  readonly port: number;
  readonly redis: string;
  readonly target: string;
  readonly graceMs: number;
}

const setUp = JSON.parse(process.argv[2] as string) as BffSetUp;
const onModeChange = () => {};
const limits = redisLimiter({ redis: setUp.redis, limits: { total: 1_000 }, onModeChange });
const relay = redisFeeds({ redis: setUp.redis, onModeChange });
const proxy = sseProxy({ target: setUp.target, share: { relay }, limits });
const app = express();
app.get('/sse/logs/stream', proxy);
const server = app.listen(setUp.port, '127.0.0.1', (error) => {
  if (error) throw error;
  answer((server.address() as AddressInfo).port, answers);
});

const answers = {
  figures: () => ({ ...proxy.stats(), modes: [limits.stats().mode, relay.stats().mode] }),
  /** Ends all streams over the grace time, as SIGTERM does in production. Resolves when they have ended. */
  async drain(): Promise<void> {
    // New browsers go to the other instances: this one would refuse them for 5 to 10 s.
    server.close();
    await proxy.close({ graceMs: setUp.graceMs });
    await limits.close();
    await relay.close();
  },
};
export type BffAnswers = typeof answers;
