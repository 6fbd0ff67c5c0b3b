import { expect } from 'chai';
import type { SseProxyOptions } from '../src/types.ts';
import { flood, reader } from './support/flood.ts';
import { stage } from './support/stage.ts';
import { until } from './support/until.ts';
import type { UpstreamRequestSeen } from './support/upstream.ts';

const eventBytes = 16_384;
const mega = 1_048_576;
/** More than the sockets of both sides and the proxy hold together. */
const many = 4_000;

describe('a slow browser with a feed of its own', () => {
  const { add, clean, upstream, app } = stage();
  afterEach(clean);

  /** A browser that reads nothing yet. */
  async function slow(options: Partial<SseProxyOptions> = {}) {
    const up = await upstream((request) => request.begin());
    const proxied = await app({ target: up.url, retryMs: false, heartbeatMs: false, ...options });
    const browser = add(reader(proxied.port), (it) => it.leave());
    await browser.opened();
    return { up, proxied, browser, request: await up.request(), stats: () => proxied.proxy.stats() };
  }

  /** Waits until the upstream can't send and the proxy has stopped reading. Returns the number of events read. */
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

  it('a slow browser pauses its upstream through an asynchronous transform, and loses nothing [row 16]', async () => {
    const { request, browser, stats } = await slow({
      // Every other event is transformed asynchronously.
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

  it('a slow browser does not slow down other browsers [row 16]', async () => {
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

  it('a browser is not evicted while nothing waits for it, however small maxStallMs is [row 16]', async () => {
    const { up, proxied, stats } = await slow({ slowClient: { maxStallMs: 20 } });
    // Another browser on the same timer is evicted meanwhile.
    const stalled = add(reader(proxied.port), (it) => it.leave());
    await stalled.opened();
    void flood(await up.request(1), many, eventBytes);
    await until(() => stats().evicted === 1);
    expect(stats().open).to.equal(1);
    expect(proxied.witness.evictions[0]?.stream).to.equal(proxied.witness.opens[1]?.stream);
  });

  it('a slow browser no longer counts in bufferedBytes after it has left [row 17]', async () => {
    const { request, browser, stats } = await slow();
    void flood(request, many, eventBytes);
    await until(() => stats().bufferedBytes > 0);
    browser.leave();
    await until(() => request.closed());
    expect(stats()).to.include({ bufferedBytes: 0, open: 0, upstreamConnections: 0 });
  });
});
