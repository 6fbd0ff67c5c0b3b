import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import express, { type RequestHandler } from 'express';
import {
  createLogDocument,
  type LogStore,
  logStreamRouter,
  SqliteLogStore,
} from '../../packages/log-stream/src/index.ts';
import { eventIds } from '../../packages/log-stream/src/stores/sqlite/event-id.ts';
import { epochOf } from '../../packages/log-stream/test/support/numbers.ts';
import { sseRouter } from '../../packages/sse-proxy/src/index.ts';
import { cleaner, until } from '../../packages/sse-proxy/test/support/until.ts';
import { judge, Reader } from './support/reader.ts';

const readersPerRoute = 5;
const cuts = 12;
const resume = { minDelayMs: 1, maxDelayMs: 5 };

describe('the log service behind the proxy, cut again and again', () => {
  const { add, clean } = cleaner();
  afterEach(clean);

  async function listen(handler: RequestHandler): Promise<{ server: Server; url: string }> {
    const server = createServer(express().use(handler)).listen(0, '127.0.0.1');
    add(server, () => server.closeAllConnections());
    add(server, () => server.close());
    await once(server, 'listening');
    return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
  }

  async function proxy(target: string, share: boolean) {
    const router = sseRouter({ '/logs/stream': { target: `${target}/logs/stream`, resume, share, heartbeatMs: 5 } });
    add(router, () => router.close({ graceMs: 0 }));
    return listen(router);
  }

  /** Sends the last event of a resume again, as an upstream that selects by `>=` does. */
  const repeatLast =
    (store: LogStore): RequestHandler =>
    async (req, _res, next) => {
      const ids = eventIds(await epochOf(store), {});
      const seq = ids.decode(req.get('last-event-id') ?? '', 'event', 'position');
      if (seq !== undefined) req.headers['last-event-id'] = ids.encode(Math.max(0, seq - 1));
      next();
    };

  for (const share of [false, true]) {
    for (const proxies of [1, 2]) {
      for (const operator of ['>', '>=']) {
        const route = `${proxies === 1 ? 'one proxy' : 'a chain of two proxies'} ${share ? 'with shared feeds' : 'without sharing'}`;
        it(`delivers every log once through ${route} if the service resumes with ${operator} [R28]`, async () => {
          const store = add(new SqliteLogStore({ path: ':memory:' }), (it) => it.close());
          // The shortest heartbeat, so that comments fall between all events and differ after a resume.
          const logs = logStreamRouter({ store, token: false, demoRoute: true, heartbeatMs: 1, retryMs: 5 });
          add(logs, () => logs.close({ graceMs: 0 }));
          const service = await listen(express().use(operator === '>=' ? [repeatLast(store), logs] : logs));
          const hops = [service];
          for (let i = 0; i < proxies; i++) hops.push(await proxy(hops.at(-1)?.url ?? '', share));
          const url = `${hops.at(-1)?.url}/logs/stream`;
          const numberOf = (data: string) => Number(JSON.parse(data).message);
          const readers = add(
            await Promise.all(Array.from({ length: readersPerRoute }, () => Reader.open(url, numberOf))),
            (all) => {
              for (const reader of all) reader.leave();
            },
          );
          let number = 0;
          const append = async (count: number) => {
            const run = { pipelineID: 'p', execID: '1', workspaceID: 'ws', workflowID: 'wf', stageName: 'S' };
            const documents = Array.from({ length: count }, () =>
              createLogDocument({ ...run, message: `${++number}`, timestamp: 1_758_531_240_000 }),
            );
            await store.append(documents);
          };
          await append(3);
          await until(() => readers.every(({ newest }) => newest === number));
          for (let cut = 0; cut < cuts; cut++) {
            // The last hop is the readers' own: they would have to reconnect.
            hops[cut % (hops.length - 1)]?.server.closeAllConnections();
            for (let i = 0; i < 5; i++) await append(1 + (i % 3));
            if (cut % 2 === 0) await until(() => readers.every(({ newest }) => newest === number));
          }
          await until(() => readers.every(({ newest }) => newest === number));

          const exact = judge(Array.from({ length: number }, (_, i) => i + 1));
          expect(readers.map(({ received }) => judge(received))).to.deep.equal(Array(readersPerRoute).fill(exact));
        });
      }
    }
  }
});
