// Run as a process of its own by close-bounds.test.ts: a server whose only way to end is that nothing is left to do.
import type { AddressInfo } from 'node:net';
import express from 'express';
import { sseRouter } from '../../src/index.ts';

const target = String(process.argv[2]);
const router = sseRouter(
  {
    '/dedicated': {},
    '/shared': { share: { lingerMs: 600_000 } },
    '/resuming': { resume: { minDelayMs: 600_000, maxDelayMs: 600_000, maxOutageMs: 600_000 } },
    '/asked': { reauthorizeMs: 1_000, maxDurationMs: 600_000 },
    '/pending': { authorize: () => new Promise(() => {}), hookTimeoutMs: 600_000 },
  },
  { target, authorize: () => true, headersTimeoutMs: 600_000 },
);
const server = express()
  .use(router)
  .listen(0, '127.0.0.1', () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`));
process.once('SIGTERM', async () => {
  server.close();
  await router.close({ graceMs: 20 });
  process.stdout.write(`${JSON.stringify(router.stats())}\n`);
});
