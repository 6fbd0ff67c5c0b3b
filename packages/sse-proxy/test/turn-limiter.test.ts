import type http from 'node:http';
import net from 'node:net';
import { expect } from 'chai';
import { maxOpensPerTurn } from '../src/config/defaults.ts';
import { maxCallsPerTurn, Ticker } from '../src/lifecycle/ticker.ts';
import type { ProxyApp } from './support/app.ts';
import { stage } from './support/stage.ts';
import { until } from './support/until.ts';

const crowd = maxOpensPerTurn * 4;

interface PerTurn {
  count(): void;
  /** Most calls in one turn. */
  most: number;
  total: number;
  stop(): void;
}

/** Counts calls by turn of the event loop. */
function perTurn(): PerTurn {
  let now = 0;
  let running = true;
  const tick = () => {
    now = 0;
    if (running) setImmediate(tick);
  };
  tick();
  return {
    most: 0,
    total: 0,
    count() {
      this.total++;
      this.most = Math.max(this.most, ++now);
    },
    stop() {
      running = false;
    },
  };
}

describe('many requests in one turn of the event loop', () => {
  const { add, clean, upstream, app } = stage();
  afterEach(clean);

  const counter = () => add(perTurn(), (it) => it.stop());

  /** Connects first, then sends all requests at once: the server reads them in one turn. */
  async function connected({ port, server }: ProxyApp): Promise<{ ask(): void; bodies: () => string[] }> {
    let accepted = 0;
    server.on('connection', () => accepted++);
    const sockets = Array.from({ length: crowd }, () => add(net.connect(port, '127.0.0.1'), (it) => it.destroy()));
    const bodies = sockets.map(() => '');
    sockets.forEach((socket, i) => {
      socket.on('error', () => {});
      socket.on('data', (data) => (bodies[i] += data.toString('latin1')));
    });
    await until(() => accepted === crowd);
    const request = 'GET /sse HTTP/1.1\r\nHost: a\r\nAccept: text/event-stream\r\n\r\n';
    const ask = () => {
      for (const socket of sockets) socket.write(request);
    };
    return { ask, bodies: () => bodies };
  }

  it('many requests begin at most maxOpensPerTurn streams per turn, and all are served [row 19]', async () => {
    const up = await upstream((request) => {
      request.begin();
      request.send('data: one\n\n');
    });
    const came = counter();
    const begun = counter();
    const proxied = await app({
      target: up.url,
      authorize() {
        begun.count();
        return true;
      },
    });
    proxied.server.on('request', () => came.count());
    const { ask, bodies } = await connected(proxied);
    ask();
    await until(() => bodies().every((body) => body.includes('data: one\n\n')));
    expect(came.most).to.be.above(maxOpensPerTurn);
    expect(begun.most).to.be.at.most(maxOpensPerTurn);
    expect(begun.total).to.equal(crowd);
    expect(proxied.proxy.stats().open).to.equal(crowd);
  });

  it('streams are not all opened in the turn in which their shared upstream responds [row 19]', async () => {
    const up = await upstream();
    const opened = counter();
    const proxied = await app({ target: up.url, share: true, observers: [{ onOpen: () => opened.count() }] });
    const { ask, bodies } = await connected(proxied);
    ask();
    await until(() => proxied.proxy.stats().opening === crowd);
    const request = await up.request();
    request.begin();
    request.send('data: one\n\n');
    await until(() => opened.total === crowd);
    request.send('data: two\n\n');
    await until(() => bodies().every((body) => body.includes('data: two\n\n')));
    expect(opened.most).to.be.at.most(maxOpensPerTurn);
    for (const body of bodies()) expect(body.split('data: two\n\n')).to.have.length(2);
  });

  it('calls no hook for a browser that leaves before its turn [R40]', async () => {
    const up = await upstream((request) => request.begin());
    const asked: unknown[] = [];
    const last: http.ServerResponse[] = [];
    const proxied = await app({
      target: up.url,
      authorize(req) {
        asked.push(req);
        return true;
      },
    });
    proxied.server.on('request', (_, res) => {
      last.push(res);
      // All requests have arrived, and only the first have had their turn. Those of the second half leave.
      if (last.length === crowd) for (const left of last.slice(crowd / 2)) left.destroy();
    });
    const { ask } = await connected(proxied);
    ask();
    await until(() => last.length === crowd && proxied.proxy.stats().open === crowd / 2);
    expect(proxied.proxy.stats().opening).to.equal(0);
    expect(asked).to.have.length(crowd / 2);
    expect(proxied.witness.refusals).to.have.length(0);
  });
});

describe('a ticker with thousands of listeners', () => {
  it('a ticker with thousands of listeners spreads a tick over several turns, and calls each current listener once', async () => {
    const ticker = new Ticker(20);
    const called = perTurn();
    const counts = Array.from({ length: maxCallsPerTurn * 3 + 1 }, () => ({ ticks: 0 }));
    const removed = { ticks: 0 };
    const listeners = counts.map((count, index) => ({
      onTick() {
        count.ticks++;
        called.count();
        if (index === 0) ticker.remove(last);
      },
    }));
    const last = { onTick: () => void removed.ticks++ };
    for (const listener of [...listeners, last]) ticker.add(listener);
    await until(() => counts.at(-1)?.ticks === 1);
    expect(new Set(counts.map(({ ticks }) => ticks))).to.deep.equal(new Set([1]));
    expect(called.most).to.equal(maxCallsPerTurn);
    expect(removed.ticks).to.equal(0);
    await until(() => counts.at(-1)?.ticks === 3);
    called.stop();
    for (const listener of listeners) ticker.remove(listener);
  });
});
