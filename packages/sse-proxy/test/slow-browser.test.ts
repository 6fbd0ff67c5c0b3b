import { expect } from 'chai';
import { flood, numbered, reader } from './support/flood.ts';
import { stage } from './support/stage.ts';
import { until } from './support/until.ts';

const eventBytes = 16_384;
/** Much more than the sockets between upstream and browser hold. */
const plenty = 4_000;

describe('a browser that reads slowly', () => {
  const { add, clean, upstream, app, visit, opened } = stage();
  afterEach(clean);

  const slowOn = async (port: number) => {
    const slow = add(reader(port), (it) => it.leave());
    await slow.opened();
    return slow;
  };

  it('a slow browser pauses its upstream, and gets everything in order once it reads [row 16]', async () => {
    const up = await upstream((request) => request.begin());
    const { port, proxy } = await app({ target: up.url });
    const slow = await slowOn(port);
    const request = await up.request();
    let sent = false;
    const sending = flood(request, plenty, eventBytes).then(() => (sent = true));
    await until(() => proxy.stats().bufferedBytes > 0 && request.socket.writableNeedDrain);
    const bufferedBytes: number[] = [];
    // Meanwhile other streams open and close.
    for (let n = 1; n <= 20; n++) {
      const other = visit(port);
      const its = await up.request(n);
      its.send('data: one\n\n');
      await other.sees('one\n\n');
      other.leave();
      bufferedBytes.push(proxy.stats().bufferedBytes);
    }
    expect(sent).to.equal(false);
    // The socket's high-water mark, and one read of the upstream's socket.
    expect(Math.max(...bufferedBytes)).to.be.below(4 * 65_536);
    expect(bufferedBytes.at(-1)).to.equal(bufferedBytes.at(-2));
    slow.read();
    await sending;
    await until(() => slow.events() === plenty);
    expect(slow.inOrder()).to.equal(true);
    await until(() => proxy.stats().bufferedBytes === 0);
    expect(proxy.stats()).to.include({ evicted: 0, open: 1 });
  });

  it('a slow browser gets every event once if it stops reading again and again [R41]', async () => {
    const up = await upstream((request) => request.begin());
    const { port, proxy, witness } = await app({ target: up.url });
    const slow = await slowOn(port);
    const request = await up.request();
    const sending = flood(request, plenty, eventBytes);
    for (let stops = 0; slow.events() < plenty && stops < 10; stops++) {
      await until(() => proxy.stats().bufferedBytes > 0 || slow.events() === plenty);
      const seen = slow.events();
      slow.read();
      await until(() => slow.events() > seen + 100 || slow.events() === plenty);
      slow.stop();
    }
    slow.read();
    await sending;
    request.end();
    await until(() => slow.complete());
    expect(slow.events()).to.equal(plenty);
    expect(slow.inOrder()).to.equal(true);
    expect(witness.closes.map(({ reason, events }) => [reason, events])).to.deep.equal([['upstream-ended', plenty]]);
  });

  it('a slow browser is evicted alone after maxStallMs without taking anything; others see no delay [row 16]', async () => {
    const up = await upstream((request) => request.begin());
    const { port, proxy, witness } = await app({ target: up.url, slowClient: { maxStallMs: 60 }, retryMs: false });
    const good = visit(port);
    const its = await up.request();
    const slow = await slowOn(port);
    const request = await up.request(1);
    const sending = flood(request, plenty, eventBytes);
    let n = 0;
    // Each event to the good one must arrive before the next is sent.
    for (; witness.evictions.length === 0; n++) {
      its.send(numbered(n, 64));
      await good.sees(`id: ${n}\n`);
    }
    await sending;
    await until(() => request.closed());
    slow.read();
    await until(() => slow.closed());
    const [eviction] = witness.evictions;
    expect(eviction?.bound).to.equal('maxStallMs');
    expect(eviction?.bufferedBytes).to.be.above(0);
    expect(eviction?.stream).to.equal(witness.opens[1]?.stream);
    expect(slow.complete()).to.equal(false);
    expect(witness.evictions).to.have.length(1);
    expect(witness.errors).to.deep.equal([]);
    expect(witness.closes.map((close) => [close.reason, close.stream])).to.deep.equal([['evicted', eviction?.stream]]);
    expect(proxy.stats()).to.include({ open: 1, evicted: 1, bufferedBytes: 0, upstreamConnections: 1 });
    its.send('data: still here\n\n');
    await good.sees('still here\n\n');
  });

  it('a slow browser is not evicted while it takes something within every maxStallMs [row 16]', async () => {
    const up = await upstream((request) => request.begin());
    const { port, proxy, witness } = await app({ target: up.url, slowClient: { maxStallMs: 300 } });
    const slow = await slowOn(port);
    const sending = flood(await up.request(), Number.POSITIVE_INFINITY, eventBytes);
    await until(() => proxy.stats().bufferedBytes > 0);
    const sips = setInterval(() => {
      slow.read();
      setImmediate(slow.stop);
    }, 20);
    add(sips, clearInterval);
    // Meanwhile others, which take nothing, are evicted one after the other.
    for (const n of [1, 2, 3]) {
      await slowOn(port);
      void flood(await up.request(n), plenty, eventBytes);
      await until(() => witness.evictions.length === n);
    }
    slow.leave();
    await sending;
    expect(slow.inOrder()).to.equal(true);
    expect(
      witness.evictions.map((eviction) => witness.opens.findIndex(({ stream }) => stream === eviction.stream)),
    ).to.deep.equal([1, 2, 3]);
  });

  it('a slow browser gets the end of a stream that ended while bytes waited for it [R3]', async () => {
    const up = await upstream((request) => request.begin());
    const { port, proxy } = await app({ target: up.url });
    const slow = await slowOn(port);
    const request = await up.request();
    // The last event is buffered in the proxy when the upstream ends.
    let n = 0;
    while (proxy.stats().bufferedBytes === 0) {
      request.send(numbered(n++, eventBytes));
      await until(() => proxy.stats().events === n || proxy.stats().bufferedBytes > 0);
    }
    request.end();
    slow.read();
    await until(() => slow.complete());
    expect(slow.events()).to.equal(n);
    expect(slow.inOrder()).to.equal(true);
  });

  it('a slow browser is evicted when more than maxBufferedBytes wait for it [row 16]', async () => {
    // While an upstream is paused, only events held by a pending transform still arrive.
    const {
      app: proxied,
      request,
      browser,
    } = await opened({
      slowClient: { maxBufferedBytes: 1_000_000 },
      transform: (event) =>
        new Promise((resolve) => setImmediate(() => resolve({ ...event, data: event.data.repeat(200) }))),
    });
    browser.socket.pause();
    for (let n = 0; proxied.witness.evictions.length === 0; n++) {
      request.send(numbered(n, 1_000).repeat(20));
      await until(() => proxied.proxy.stats().events >= (n + 1) * 20 || proxied.witness.evictions.length > 0);
    }
    await until(() => request.closed());
    const [eviction] = proxied.witness.evictions;
    expect(eviction?.bound).to.equal('maxBufferedBytes');
    expect(eviction?.bufferedBytes).to.be.within(700_000, 1_000_000);
    browser.socket.resume();
    await until(() => browser.closed());
    expect(browser.complete()).to.equal(false);
    expect(proxied.witness.closes.map((close) => close.reason)).to.deep.equal(['evicted']);
  });

  it('a slow browser gets a single event larger than maxBufferedBytes [row 16]', async () => {
    const { browser, request } = await opened({ slowClient: { maxBufferedBytes: 1_000 }, maxEventBytes: 3_000_000 });
    request.send(numbered(1, 2_000_000));
    await browser.sees('\n\n');
    request.send(numbered(2, 2_000_000));
    await until(() => browser.body().length === 4_000_000);
    expect(browser.body()).to.equal(numbered(1, 2_000_000) + numbered(2, 2_000_000));
  });

  it('a slow browser is not evicted for a large event with small ones right behind it if it reads at once [row 16]', async () => {
    const { app: proxied, browser, request } = await opened({ slowClient: { maxBufferedBytes: 100_000 } });
    const large = numbered(1, 500_000);
    request.send(large.slice(0, 499_000));
    await until(() => request.socket.writableLength === 0);
    request.send(`${large.slice(499_000)}${numbered(2, 100)}${numbered(3, 100)}`);
    await browser.sees('id: 3\n');
    await browser.sees(numbered(3, 100));
    expect(browser.body()).to.equal(large + numbered(2, 100) + numbered(3, 100));
    expect(proxied.proxy.stats().evicted).to.equal(0);
  });

  it('a slow browser is not evicted for a burst of transformed events if it reads at once [row 16]', async () => {
    const {
      app: proxied,
      browser,
      request,
    } = await opened({
      slowClient: { maxBufferedBytes: 20_000 },
      transform: (event) => ({ ...event, data: event.data.repeat(20) }),
    });
    const burst = Array.from({ length: 60 }, (_, n) => numbered(n, 1_000));
    request.send(burst.join(''));
    await browser.sees('id: 59\n');
    await until(() => browser.body().endsWith('x\n\n'));
    expect(browser.body().match(/^id: /gm)).to.have.length(60);
    expect(proxied.proxy.stats().evicted).to.equal(0);
  });
});
