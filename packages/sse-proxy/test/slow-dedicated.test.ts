import { expect } from 'chai';
import type { SseProxyOptions } from '../src/types.ts';
import { flood, numbered, reader } from './support/flood.ts';
import { heartbeats, stage } from './support/stage.ts';
import { until } from './support/until.ts';
import type { UpstreamRequestSeen } from './support/upstream.ts';

const eventBytes = 16_384;
const mega = 1_048_576;
/** More than the sockets of both sides and the proxy take together. */
const many = 4_000;

describe('a slow browser with a feed of its own', () => {
  const { add, clean, upstream, app, visit } = stage();
  afterEach(clean);

  /** A browser that reads nothing yet. */
  async function slow(options: Partial<SseProxyOptions> = {}) {
    const up = await upstream((request) => request.begin());
    const proxied = await app({ target: up.url, retryMs: false, heartbeatMs: false, ...options });
    const browser = add(reader(proxied.port), (it) => it.leave());
    await browser.opened();
    return { up, proxied, browser, request: await up.request(), stats: () => proxied.proxy.stats() };
  }

  /** Waits until nothing moves any more: the upstream cannot send, and the proxy has stopped taking. */
  async function stuck(request: UpstreamRequestSeen, events: () => number): Promise<number> {
    let seen = -1;
    let still = 0;
    await until(() => {
      still = request.socket.writableNeedDrain && events() === seen ? still + 1 : 0;
      seen = events();
      return still > 20;
    });
    return seen;
  }

  it('holds its upstream back: bytes stop arriving, and little waits in the proxy', async () => {
    const { request, browser, stats } = await slow();
    let sent = false;
    const sending = flood(request, many, eventBytes).then(() => (sent = true));
    const held = await stuck(request, () => stats().events);
    expect(sent).to.equal(false);
    expect(held)
      .to.be.above(0)
      .and.below(many / 2);
    // One chunk of the upstream's socket on top of what Node's stream takes, not the megabytes that were sent.
    expect(stats().bufferedBytes).to.be.above(0).and.below(mega);
    expect(request.socket.writableLength).to.be.above(0);
    expect(stats()).to.include({ open: 1, evicted: 0 });

    browser.read();
    await sending;
    await until(() => browser.events() === many);
    expect(browser.inOrder()).to.equal(true);
    await until(() => stats().bufferedBytes === 0);
    expect(stats()).to.include({ open: 1, evicted: 0, events: many, bytes: many * eventBytes });
  });

  it('that stops and reads again, and again, is not cut, however long that goes on, and gets all in order', async () => {
    const scene = await slow({ heartbeatMs: 20, slowClient: { maxStallMs: 600 } });
    const { up, proxied, request, browser, stats } = scene;
    // Its heartbeats hang on the same timer as the stall bound: five of them are a part of that, forty are more.
    const clock = visit(proxied.port);
    await up.request(1);
    const sending = flood(request, many, eventBytes);
    for (let round = 0; round < 8; round++) {
      const [before, beats] = [browser.events(), heartbeats(clock.body())];
      await until(() => request.socket.writableNeedDrain && stats().bufferedBytes > 0);
      await until(() => heartbeats(clock.body()) >= beats + 5);
      browser.read();
      await until(() => browser.events() > before + 50);
      browser.stop();
    }
    browser.read();
    await sending;
    await until(() => browser.events() === many);
    expect([browser.inOrder(), stats().evicted]).to.deep.equal([true, 0]);
  });

  it('that transforms asynchronously holds its upstream back too, and loses nothing', async () => {
    const { request, browser, stats } = await slow({
      // Every other one takes its time.
      transform: (event) =>
        Number(event.id) % 2 === 0 ? event : new Promise((resolve) => setImmediate(() => resolve(event))),
    });
    const sending = flood(request, many, eventBytes);
    const held = await stuck(request, () => stats().events);
    expect(held).to.be.below(many / 2);
    expect(stats().bufferedBytes).to.be.below(mega);
    browser.read();
    await sending;
    await until(() => browser.events() === many);
    expect(browser.inOrder()).to.equal(true);
  });

  it('slows nobody else: another one gets all of its own meanwhile', async () => {
    const { up, proxied, request, stats } = await slow();
    void flood(request, many, eventBytes);
    await stuck(request, () => stats().events);
    const quick = add(reader(proxied.port), (it) => it.leave());
    await quick.opened();
    quick.read();
    await flood(await up.request(1), many, eventBytes);
    await until(() => quick.events() === many);
    expect(quick.inOrder()).to.equal(true);
    expect(stats()).to.include({ open: 2, evicted: 0 });
  });

  it('is cut after maxStallMs without having taken anything, it alone, and its upstream with it', async () => {
    const { up, proxied, request, browser, stats } = await slow({ slowClient: { maxStallMs: 100 } });
    const other = visit(proxied.port);
    const others = await up.request(1);
    await other.opened();
    void flood(request, many, eventBytes);
    await until(() => stats().evicted === 1);
    const [eviction] = proxied.witness.evictions;
    expect(eviction).to.have.all.keys('stream', 'bound', 'bufferedBytes');
    expect([eviction?.bound, eviction?.stream.route]).to.deep.equal(['maxStallMs', '/sse']);
    expect(eviction?.stream).to.equal(proxied.witness.opens[0]?.stream);
    expect(eviction?.bufferedBytes).to.be.above(0).and.below(mega);
    await until(() => request.closed());
    browser.read();
    await until(() => browser.closed());
    expect(browser.complete()).to.equal(false);
    expect([browser.inOrder(), browser.events() < many]).to.deep.equal([true, true]);
    expect(proxied.witness.closes.map(({ reason }) => reason)).to.deep.equal(['evicted']);

    others.send('data: still here\n\n');
    expect(await other.sees('here\n\n')).to.equal('data: still here\n\n');
    expect(stats()).to.include({ open: 1, evicted: 1, upstreamConnections: 1, bufferedBytes: 0 });
  });

  it('is not cut while it is idle, however small maxStallMs: nothing waits for it', async () => {
    const { up, proxied, stats } = await slow({ slowClient: { maxStallMs: 20 } });
    // Another one on the same timer is cut meanwhile, and so would the first have been.
    const stalled = add(reader(proxied.port), (it) => it.leave());
    await stalled.opened();
    void flood(await up.request(1), many, eventBytes);
    await until(() => stats().evicted === 1);
    expect(stats().open).to.equal(1);
    expect(proxied.witness.evictions[0]?.stream).to.equal(proxied.witness.opens[1]?.stream);
  });

  it('gets a single event larger than maxBufferedBytes if it reads; the bytes that wait rise and fall', async () => {
    const { up, proxied, request, browser, stats } = await slow({
      maxEventBytes: 32 * mega,
      slowClient: { maxBufferedBytes: 1_000 },
    });
    const other = visit(proxied.port);
    const others = await up.request(1);
    await other.opened();
    expect(stats().bufferedBytes).to.equal(0);
    request.send(numbered(0, 16 * mega));
    await until(() => stats().bufferedBytes > mega);
    const waiting = stats().bufferedBytes;
    expect(waiting).to.be.at.most(16 * mega + 100);
    others.send('data: mine\n\n');
    expect(await other.sees('mine\n\n')).to.equal('data: mine\n\n');
    expect(stats().bufferedBytes).to.be.at.most(waiting).and.above(0);

    browser.read();
    await until(() => browser.events() === 1);
    await until(() => stats().bufferedBytes === 0);
    request.send(numbered(1, 100));
    await until(() => browser.events() === 2);
    expect([browser.inOrder(), stats().evicted, other.body()]).to.deep.equal([true, 0, 'data: mine\n\n']);
  });

  it('the bytes that wait are gone from stats() with the browser that leaves', async () => {
    const { request, browser, stats } = await slow();
    void flood(request, many, eventBytes);
    await until(() => stats().bufferedBytes > 0);
    browser.leave();
    await until(() => request.closed());
    expect(stats()).to.include({ bufferedBytes: 0, open: 0, upstreamConnections: 0 });
  });
});
