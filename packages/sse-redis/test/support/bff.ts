// A process with Express, the middleware and limits in Redis. Its argument is a BffSetUp as JSON.
import type { AddressInfo } from 'node:net';
import { sseProxy } from '@datashop/sse-proxy';
import express from 'express';
import { shiftClock } from '../../../../test/faults/support/clock.ts';
import { answer } from '../../../../test/scale/support/child.ts';
import { redisLimiter } from '../../src/index.ts';

export interface BffSetUp {
  readonly redis: string;
  readonly leaseMs: number;
  /** How far the process' wall clock is ahead, in milliseconds. */
  readonly clockAheadMs?: number;
}

const { clockAheadMs = 0, ...connection } = JSON.parse(process.argv[2] as string) as BffSetUp;
shiftClock(clockAheadMs);

/** Sends one event; then it waits for the browser to leave. */
async function* source({ signal }: { signal: AbortSignal }) {
  yield { data: 'open' };
  await new Promise((resolve) => signal.addEventListener('abort', resolve));
}

const limits = redisLimiter({
  ...connection,
  commandTimeoutMs: 1_000,
  limits: {
    rules: [
      { name: 'workflow', key: (req) => String(req.params.workflow), max: 10 },
      { name: 'user', key: (req) => req.get('x-user'), opensPerMinute: 5 },
    ],
  },
  onModeChange() {},
});
const proxy = sseProxy({ source, limits, retryMs: false });
const app = express();
app.get('/sse/:workflow', proxy);
const server = app.listen(0, '127.0.0.1', (error) => {
  if (error) throw error;
  answer((server.address() as AddressInfo).port, answers);
});

const answers = {
  stats: () => ({ ...limits.stats(), streams: proxy.stats().open }),
};
export type BffAnswers = typeof answers;
