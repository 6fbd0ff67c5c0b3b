import { expect } from 'chai';
import type { SseProxyOptions } from '../src/types.ts';
import { flood, numbered, reader } from './support/flood.ts';
import { stage } from './support/stage.ts';
import { until } from './support/until.ts';
import type { UpstreamRequestSeen } from './support/upstream.ts';

const eventBytes = 16_384;

describe('slow browsers of a shared feed', () => {
  const { add, upstream, app, clean } = stage();
  afterEach(clean);

  async function shared(options: Partial<SseProxyOptions> = {}) {
    const up = await upstream();
    const proxied = await app({
      target: up.url,
      retryMs: false,
      share: { join: 'live' },
      heartbeatMs: false,
      ...options,
    });
    const read = () => add(reader(proxied.port), (it) => it.leave());
    const opening = read();
    const request = await up.request();
    request.begin();
    await opening.opened();
    return { up, proxied, request, read, first: opening, stats: () => proxied.proxy.stats() };
  }

  /** Sends until `done`, in batches, never more than the upstream's socket takes. */
  async function floodUntil(request: UpstreamRequestSeen, done: () => boolean, most = 4_000): Promise<number> {
    let sent = 0;
    while (!done() && sent < most) {
      await flood(request, 20, eventBytes, sent);
      sent += 20;
      await new Promise((resolve) => setImmediate(resolve));
    }
    return sent;
  }

  it('cuts only the browser that falls too many bytes behind, and never pauses the upstream [row 16]', async () => {
    const { proxied, request, read, first: stuck, stats } = await shared();
    const quick = [read(), read(), read()];
    await Promise.all(quick.map((browser) => browser.opened()));
    for (const browser of quick) browser.read();
    const sent = await floodUntil(request, () => stats().evicted > 0);
    await until(() => quick.every((browser) => browser.events() === sent));
    expect(quick.every((browser) => browser.inOrder())).to.equal(true);
    expect(proxied.witness.evictions.map(({ bound }) => bound)).to.deep.equal(['maxBufferedBytes']);
    expect(stats()).to.include({ open: 3, evicted: 1 });
    stuck.read();
    await until(() => stuck.closed());
    expect(stuck.complete(), 'cut, not ended as if complete').to.equal(false);
  });

  it('sends everything in order to a browser that pauses and reads again', async () => {
    const {
      request,
      read,
      first: pausing,
      stats,
    } = await shared({
      slowClient: { maxBufferedBytes: 64 * 1_048_576 },
      share: { join: 'live', replay: { maxBytes: 64 * 1_048_576 } },
    });
    const quick = read();
    await quick.opened();
    quick.read();
    const count = 800;
    await flood(request, count, eventBytes);
    await until(() => quick.events() === count);
    expect(pausing.events()).to.equal(0);
    pausing.read();
    await until(() => pausing.events() === count);
    expect([pausing.inOrder(), quick.inOrder(), stats().evicted]).to.deep.equal([true, true, 0]);
  });

  it('cuts a browser that the ring has passed, though slowClient would allow more', async () => {
    const { proxied, request, read, stats } = await shared({
      slowClient: { maxBufferedBytes: 1_000 * 1_048_576 },
      share: { join: 'live', replay: { maxBytes: 262_144 } },
    });
    const quick = read();
    await quick.opened();
    quick.read();
    const sent = await floodUntil(request, () => stats().evicted > 0);
    await until(() => quick.events() === sent);
    expect(proxied.witness.evictions.map(({ bound }) => bound)).to.deep.equal(['maxBufferedBytes']);
    expect(quick.inOrder()).to.equal(true);
  });

  it('pauses the upstream only while every browser is behind', async () => {
    const { request, read, first: stuck, stats } = await shared();
    // No browser reads: bytes beyond the socket buffers stay with the upstream, and no browser is cut.
    let sent = 0;
    const sending = flood(request, 4_000, eventBytes).then(() => (sent = 4_000));
    await until(() => request.socket.writableNeedDrain && stats().bufferedBytes > 0);
    const held = stats().events;
    expect([sent, stats().evicted]).to.deep.equal([0, 0]);
    expect(held).to.be.lessThan(4_000);
    // A browser at the tip makes the feed flow again; the browser that does not read is cut.
    const quick = read();
    await quick.opened();
    quick.read();
    await sending;
    await until(() => stats().evicted === 1);
    await until(() => quick.events() > 0 && quick.inOrder());
    stuck.leave();
  });

  it('cuts the browser with the most buffered bytes when maxTotalBytes is exceeded, and no other', async () => {
    const mega = 1_048_576;
    const {
      up,
      proxied,
      read,
      request,
      first: thin,
      stats,
    } = await shared({
      share: false,
      maxEventBytes: 16 * mega,
      slowClient: { maxTotalBytes: 15 * mega, maxStallMs: 2_000_000 },
      heartbeatMs: 100,
    });
    request.send(numbered(0, 8 * mega));
    await until(() => stats().bufferedBytes > mega);

    const fat = read();
    const second = await up.request(1);
    second.begin();
    await fat.opened();
    second.send(numbered(0, 14 * mega));
    await until(() => fat.closed() || stats().evicted > 0);

    const evicted = proxied.witness.evictions.map(({ bound, bufferedBytes }) => [bound, bufferedBytes > 8 * mega]);
    expect(evicted).to.deep.equal([['maxTotalBytes', true]]);
    thin.read();

    await until(() => thin.events() === 1);
    expect(stats()).to.include({ open: 1, evicted: 1, bufferedBytes: 0 });
  });
});
