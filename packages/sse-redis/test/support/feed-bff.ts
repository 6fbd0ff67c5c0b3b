// A process with Express, the middleware and feeds in Redis. Its argument is a FeedBffSetUp as JSON.
import type { AddressInfo } from 'node:net';
import { sseProxy } from '@datashop/sse-proxy';
import express from 'express';
import { shiftClock } from '../../../../test/faults/support/clock.ts';
import { answer } from '../../../../test/scale/support/child.ts';
import { redisFeeds } from '../../src/index.ts';
import type { RedisFeedsOptions } from '../../src/types.ts';

export interface FeedBffSetUp extends Pick<RedisFeedsOptions, 'redis' | 'leaseMs' | 'commandTimeoutMs'> {
  readonly target: string;
  /** How far the process' wall clock is ahead, in milliseconds. */
  readonly clockAheadMs?: number;
}

const { target, clockAheadMs = 0, ...connection } = JSON.parse(process.argv[2] as string) as FeedBffSetUp;
shiftClock(clockAheadMs);

const relay = redisFeeds({ ...connection, onModeChange() {} });
const resume = { minDelayMs: 5, maxDelayMs: 50 };
const options = { target: `${target}/:feed`, resume, retryMs: false, warnings: false } as const;
const proxy = sseProxy({ ...options, share: { relay, lingerMs: 0 } });
const app = express();
app.get('/sse/:feed', proxy);
app.get('/small/:feed', sseProxy({ ...options, share: { relay, lingerMs: 0, replay: { maxBytes: 2_000 } } }));
const server = app.listen(0, '127.0.0.1', (error) => {
  if (error) throw error;
  answer((server.address() as AddressInfo).port, answers);
});

const answers = {
  stats: () => relay.stats(),
};
export type FeedBffAnswers = typeof answers;
