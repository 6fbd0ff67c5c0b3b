// A process with Express, the middleware and feeds in Redis. Its argument is a FeedBffSetUp as JSON.
import type { AddressInfo } from 'node:net';
import { type ReplayOptions, sseProxy } from '@datashop/sse-proxy';
import express from 'express';
import { shiftClock } from '../../../../test/faults/support/clock.ts';
import { answer } from '../../../../test/scale/support/child.ts';
import { redisFeeds } from '../../src/index.ts';
import type { RedisFeedsOptions } from '../../src/types.ts';

export interface FeedBffSetUp extends Pick<RedisFeedsOptions, 'redis' | 'leaseMs' | 'commandTimeoutMs'> {
  readonly target: string;
  readonly replay?: ReplayOptions;
  /** How far the process' wall clock is ahead, in milliseconds. */
  readonly clockAheadMs?: number;
}

const { target, replay, clockAheadMs = 0, ...connection } = JSON.parse(process.argv[2] as string) as FeedBffSetUp;
shiftClock(clockAheadMs);

const relay = redisFeeds({ ...connection, onModeChange() {} });
const share = { relay, lingerMs: 0, ...(replay && { replay }) };
const resume = { minDelayMs: 5, maxDelayMs: 50 };
const proxy = sseProxy({ target, share, resume, retryMs: false, warnings: false });
const app = express();
app.get('/sse', proxy);
const server = app.listen(0, '127.0.0.1', (error) => {
  if (error) throw error;
  answer((server.address() as AddressInfo).port, answers);
});

const answers = {
  stats: () => ({ ...relay.stats(), upstreamConnections: proxy.stats().upstreamConnections, open: proxy.stats().open }),
};
export type FeedBffAnswers = typeof answers;
