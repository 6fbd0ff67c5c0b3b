import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import express from 'express';
import { sseRouter } from '../../packages/sse-proxy/src/index.ts';
import { cleaner, until } from '../../packages/sse-proxy/test/support/until.ts';
import { idCases } from './support/id-cases.ts';
import { MemoryUpstream } from './support/memory-upstream.ts';
import { Reader } from './support/reader.ts';

describe('what a browser gets through the proxy, by the ids of the upstream', () => {
  const { add, clean } = cleaner();
  afterEach(clean);

  async function proxy(target: string, share: boolean): Promise<string> {
    const resume = { minDelayMs: 1, maxDelayMs: 5 };
    const router = sseRouter({ '/logs': { target, resume, share, warnings: false } });
    const server: Server = express().use(router).listen(0, '127.0.0.1');
    add(server, () => server.closeAllConnections());
    add(server, () => server.close());
    add(router, () => router.close({ graceMs: 0 }));
    await once(server, 'listening');
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/logs`;
  }

  for (const share of [false, true]) {
    for (const { condition, outcome, before, meanwhile, after, numbers, received, ...rest } of idCases) {
      it(`if ${condition}, a ${share ? 'shared' : 'dedicated'} stream ${outcome}`, async () => {
        const ids = [...before, ...meanwhile, ...after];
        const logs = ids.map((id, index) => ({ id, number: numbers?.[index] ?? index + 1 }));
        const upstream = add(await MemoryUpstream.start(rest), (it) => it.close());
        const reader = add(await Reader.open(await proxy(upstream.url, share)), (it) => it.leave());
        upstream.append(...logs.splice(0, before.length));
        await until(() => reader.received.length === before.length);
        const requests = upstream.requests;
        upstream.cut();
        upstream.append(...logs.splice(0, meanwhile.length));
        await until(() => upstream.requests > requests);
        const newest = logs.at(-1)?.number;
        upstream.append(...logs);
        await until(() => reader.newest === newest);

        expect(reader.ended).to.equal(undefined);
        const entries = reader.received.map((entry) => (typeof entry === 'number' ? entry : entry.gap));
        expect(entries).to.deep.equal(received);
      });
    }
  }

  it('a browser that returns to a dedicated stream gets only what the upstream selects, and the proxy reports no gap', async () => {
    const select = () => [{ id: '4', number: 4 }];
    const upstream = add(await MemoryUpstream.start({ select }), (it) => it.close());
    const url = await proxy(upstream.url, false);
    const reader = add(await Reader.open(url, undefined, { 'last-event-id': '1' }), (it) => it.leave());
    await until(() => reader.newest === 4);

    expect(reader.received).to.deep.equal([4]);
  });
});
