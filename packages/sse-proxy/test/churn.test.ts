import { createHook } from 'node:async_hooks';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import http from 'node:http';
import type net from 'node:net';
import { expect } from 'chai';
import { browse } from './support/browser.ts';
import { stage } from './support/stage.ts';
import { until } from './support/until.ts';

const timers = new Set<number>();
// Except those of until(). Unreferenced timers are counted too: getActiveResourcesInfo() does not list them.
const timerHook = createHook({
  init: (id, type) => {
    if (type === 'Timeout' && !new Error().stack?.includes('until.ts')) timers.add(id);
  },
  destroy: (id) => void timers.delete(id),
});

/** What the process holds: handles by kind, timers, and descriptors where the system lists them. */
function held(): Record<string, number> {
  const counts: Record<string, number> = { timers: timers.size };
  for (const kind of process.getActiveResourcesInfo()) {
    if (kind !== 'Timeout') counts[kind] = (counts[kind] ?? 0) + 1;
  }
  if (process.platform === 'linux') counts.descriptors = readdirSync('/proc/self/fd').length;
  return counts;
}

describe('listeners, timers and descriptors', () => {
  const { clean, upstream, app } = stage();
  before(() => timerHook.enable());
  after(() => timerHook.disable());
  afterEach(clean);

  it('listeners, timers and descriptors return to their first number after 400 streams, however they ended [R42]', async () => {
    let released = 0;
    let taken = 0;
    const up = await upstream((request) => {
      const [, way] = /way=(\w+)/.exec(request.line) ?? [];
      if (way === 'refused') return request.raw('HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n');
      request.begin();
      request.send('data: one\n\n');
      if (way === 'ended') request.end();
      if (way === 'broken') request.reset();
    });
    const proxied = await app({
      target: up.url,
      forwardQuery: ['way'],
      idleTimeoutMs: 60_000,
      transform: async (event) => event,
      limits: {
        acquire: () => {
          taken++;
          return { ok: true, release: () => void released++ };
        },
      },
    });
    const ways = ['left', 'ended', 'broken', 'refused'] as const;
    const run = async (way: (typeof ways)[number]) => {
      const browser = browse(proxied.port, `/sse?way=${way}`);
      if (way === 'left') await browser.sees('one\n\n');
      else await until(() => browser.complete() || browser.closed());
      browser.leave();
    };
    const settled = () => {
      const { open, opening, upstreamConnections } = proxied.proxy.stats();
      return open + opening + upstreamConnections + up.open() === 0;
    };
    // Some handles and descriptors are created on first use.
    const noTimers = { timers: timers.size };
    for (const way of ways) await run(way);
    await until(settled);
    await until(() => !held().TCPSocketWrap);
    const start: Record<string, number> = { ...held(), ...noTimers };
    up.requests.length = 0;

    for (let done = 0; done < 400; done += 40) {
      await Promise.all(Array.from({ length: 40 }, (_, n) => run(ways[n % ways.length] ?? 'left')));
      up.requests.length = 0;
    }
    await until(settled);
    await until(() => Object.entries(held()).every(([kind, count]) => count <= (start[kind] ?? 0)));
    expect(proxied.proxy.stats()).to.include({ refused: 101, bufferedBytes: 0, evicted: 0 });
    expect([taken, released]).to.deep.equal([404, 404]);
    expect(proxied.witness.closes).to.have.length(303);
  });

  it('listeners do not accumulate on a connection that carries one stream after the other [R42]', async () => {
    const up = await upstream((request) => {
      request.begin();
      request.send('data: one\n\n');
      request.end();
    });
    const { port, server } = await app({ target: up.url });
    const sockets: net.Socket[] = [];
    server.on('connection', (socket) => sockets.push(socket));
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    const listeners = () => sockets.map((it) => it.eventNames().reduce((sum, name) => sum + it.listenerCount(name), 0));
    const counts: number[][] = [];
    for (let n = 0; n < 60; n++) {
      const request = http.get({ host: '127.0.0.1', port, path: '/sse', agent });
      const [response] = (await once(request, 'response')) as [http.IncomingMessage];
      response.resume();
      await once(response, 'end');
      counts.push(listeners());
    }
    agent.destroy();
    expect(sockets).to.have.length(1);
    expect(counts.at(-1)).to.deep.equal(counts[1]);
  });
});
