import { once } from 'node:events';
import net from 'node:net';
import { expect } from 'chai';
import { Ticker } from '../src/lifecycle/ticker.ts';
import { startTimeout } from '../src/lifecycle/timeout.ts';
import { BareFeed } from './support/bare-feed.ts';
import { flood, reader } from './support/flood.ts';
import { stage } from './support/stage.ts';
import { until } from './support/until.ts';

/** Blocks the event loop, proxy and upstream alike, while the kernel goes on. */
function stall(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

/** Resolves in a timer, as beats and timeouts do: the event loop polls the sockets next. */
async function inTimers(): Promise<void> {
  let looks = 0;
  await until(() => ++looks > 1);
}

describe('a stalled event loop is not a timeout [R44]', () => {
  const { add, clean, upstream, app, visit, opened } = stage();
  afterEach(clean);

  for (const host of ['127.0.0.1', 'localhost']) {
    it(`a stall is no timeout of the connect to ${host}`, async () => {
      const up = await upstream((request) => request.begin());
      const target = up.url.replace('127.0.0.1', host);
      const proxied = await app({
        connectTimeoutMs: 40,
        retryMs: false,
        target() {
          setImmediate(stall, 200);
          return target;
        },
      });
      const browser = visit(proxied.port);
      await until(() => up.requests.length > 0 || browser.complete());
      expect(proxied.witness.errors).to.deep.equal([]);
      expect(up.requests).to.have.length(1);
      expect((await browser.opened()).status()).to.equal(200);
    });
  }

  it('a stall is no timeout of the headers that wait in the socket', async () => {
    const up = await upstream((request) => {
      request.begin();
      request.send('data: one\n\n');
      stall(200);
    });
    const { port, witness } = await app({ target: up.url, headersTimeoutMs: 40, retryMs: false });
    const browser = visit(port);
    await until(() => browser.complete() || browser.body());
    expect(witness.errors).to.deep.equal([]);
    expect(await browser.sees('one\n\n')).to.equal('data: one\n\n');
  });

  it("a stall is no timeout of a hook whose answer waits in the user's own socket", async () => {
    const up = await upstream((request) => request.begin());
    const { port, witness } = await app({
      target: up.url,
      hookTimeoutMs: 40,
      authorize: () => {
        setImmediate(stall, 200);
        const socket = net.connect(up.port, '127.0.0.1');
        return new Promise<boolean>((resolve) => socket.once('connect', () => resolve(true))).finally(() =>
          socket.destroy(),
        );
      },
    });
    const browser = await visit(port).opened();
    await until(() => browser.complete() || browser.body());
    expect(witness.errors).to.deep.equal([]);
  });

  it('a stall is no timeout of an upstream whose events wait in the socket, or that has just sent one', async () => {
    const { app: proxied, browser, request } = await opened({ idleTimeoutMs: 60 });
    let n = 0;
    for (; n < 3; n++) {
      request.send(`data: ${n}\n\n`);
      stall(250);
      await browser.sees(`data: ${n}\n\n`);
      stall(250);
    }
    request.send('data: last\n\n');
    expect(await browser.sees('last\n\n')).to.match(/^(data: \d\n\n){3}data: last\n\n$/);
    expect(proxied.witness.errors).to.deep.equal([]);
  });

  it('a stall does not evict a browser that would have read', async () => {
    const up = await upstream((request) => request.begin());
    const { port, proxy } = await app({ target: up.url, slowClient: { maxStallMs: 80 } });
    const slow = add(reader(port), (it) => it.leave());
    await slow.opened();
    const sending = flood(await up.request(), 2_000, 16_384);
    await until(() => proxy.stats().bufferedBytes > 0);
    slow.read();
    stall(500);
    await sending;
    await until(() => slow.events() === 2_000 || slow.closed());
    expect(proxy.stats().evicted).to.equal(0);
    expect(slow.events()).to.equal(2_000);
  });

  it('a timeout does not expire in a stall that uses up its last part if the awaited data arrives meanwhile', async () => {
    const up = await upstream();
    const socket = add(net.connect(up.port, '127.0.0.1'), (it) => it.destroy());
    socket.write('GET / HTTP/1.1\r\n\r\n');
    const peer = await up.request();
    let late = false;
    const parts: (() => void)[] = [];
    const { setTimeout } = globalThis;
    Object.assign(globalThis, { setTimeout: (part: () => void) => void parts.push(part) });
    const stop = startTimeout(4, () => (late = true));
    for (let n = 0; n < 3; n++) parts[n]?.();
    Object.assign(globalThis, { setTimeout });
    const told = once(socket, 'data').then(stop);
    await inTimers();
    peer.raw('in time');
    expect(parts).to.have.length(4);
    parts[3]?.();
    await told;
    await new Promise(setImmediate);
    expect(late).to.equal(false);
  });

  it('a stall is no timeout of an idle upstream whose event waits in the socket at the last heartbeat', async () => {
    const up = await upstream((request) => request.begin());
    const feed = add(new BareFeed(new Ticker(60_000), 240_000, true), (it) => it.close());
    await feed.connect(up.port);
    for (let tick = 1; tick <= 4; tick++) feed.onTick();
    await inTimers();
    up.requests[0]?.send('data: one\n\n');
    feed.onTick();
    await until(() => feed.got.length > 0 || feed.hasEnded);
    expect(feed.hasEnded).to.equal(false);
    for (let tick = 1; tick <= 5; tick++) feed.onTick();
    await until(() => feed.hasEnded);
  });

  it('the timeouts expire while the event loop is not stalled', async () => {
    const up = await upstream();
    const { port, witness } = await app({ target: up.url, headersTimeoutMs: 40 });
    const browser = visit(port);
    await until(() => browser.complete());
    expect(witness.errors.map(({ error }) => error.code)).to.deep.equal(['ERR_SSE_UPSTREAM_TIMEOUT']);
  });
});
