import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { createLogDocument, logStreamRouter, SqliteLogStore } from '@datashop/log-stream';
import { sseProxy } from '@datashop/sse-proxy';
import { expect } from 'chai';
import express from 'express';

const run = { pipelineID: 'p', execID: 'e', workspaceID: 'w', workflowID: 'f' };

/** The log service behind one proxy, and behind two. */
describe('the log service behind the proxy', () => {
  const undos: (() => unknown)[] = [];
  afterEach(async () => {
    for (const undo of undos.splice(0).reverse()) await undo();
  });

  async function serve(handler: http.RequestListener): Promise<http.Server> {
    const server = http.createServer(handler).listen(0, '127.0.0.1');
    await once(server, 'listening');
    undos.push(
      () => server.close(),
      () => server.closeAllConnections(),
    );
    return server;
  }
  const urlOf = (server: http.Server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}/logs/stream`;

  for (const proxies of [1, 2]) {
    it(`delivers every log once, wherever it is cut (${proxies} of it) [R28]`, async () => {
      const store = new SqliteLogStore({ path: ':memory:' });
      const logs = logStreamRouter({ store, token: false, heartbeatMs: 20 });
      undos.push(
        () => store.close(),
        () => logs.close(),
      );
      const servers = [await serve(express().use(logs))];
      for (let n = 0; n < proxies; n++) {
        const resume = { minDelayMs: 1, maxDelayMs: 5 };
        const proxy = sseProxy({ target: urlOf(servers[n] as http.Server), resume, heartbeatMs: 20 });
        undos.push(() => proxy.close());
        servers.push(await serve(express().get('/logs/stream', proxy)));
      }
      let body = '';
      const request = http.get(urlOf(servers.at(-1) as http.Server), { headers: { accept: 'text/event-stream' } });
      undos.push(() => request.destroy());
      const [response] = (await once(request, 'response')) as [http.IncomingMessage];
      response.setEncoding('utf8').on('data', (text: string) => (body += text));

      let sent = 0;
      const append = (count: number) =>
        store.append(
          // The same millisecond for all.
          Array.from({ length: count }, () =>
            createLogDocument({ ...run, message: `log ${sent++}.`, stageName: 's', timestamp: 1_764_353_046_000 }),
          ),
        );
      const got = () => [...body.matchAll(/log (\d+)\./g)].map(([, n]) => Number(n));
      const arrive = async () => {
        while (got().at(-1) !== sent - 1) await new Promise((resolve) => setTimeout(resolve, 5));
      };
      for (let round = 0; round < 12; round++) {
        await append(3);
        if (round % 3 > 0) await arrive();
        servers[round % proxies]?.closeAllConnections();
        await append(2);
        await arrive();
      }
      expect(got()).to.deep.equal(Array.from({ length: sent }, (_, n) => n));
      expect(body).to.not.include('sse-proxy:gap');
    });
  }
});
