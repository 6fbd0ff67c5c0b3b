import { expect } from 'chai';
import type { AttachContext, FirstEventContext, OpenStream } from '../src/types.ts';
import { flood, reader } from './support/flood.ts';
import { stage } from './support/stage.ts';
import { until } from './support/until.ts';

const quick = { minDelayMs: 5, maxDelayMs: 20 };

describe('streams(), feeds() and stats()', () => {
  const { add, clean, upstream, app, visit, opened } = stage({});
  afterEach(clean);

  it('streams() describes a dedicated stream: nothing behind, no feed, its upstream open, then lost', async () => {
    const { app: proxied, browser, request } = await opened({ resume: { minDelayMs: 60_000, maxDelayMs: 60_000 } });
    request.send('id: 1\ndata: one\n\n');
    const { length } = await browser.sees('one\n\n');
    const [stream] = proxied.proxy.streams();
    const { id: _, since, ...rest } = stream as OpenStream;
    expect(Date.parse(since)).to.be.closeTo(Date.now(), 60_000);
    expect(rest).to.deep.equal({
      route: '/sse',
      params: {},
      key: undefined,
      fields: {},
      resumed: false,
      events: 1,
      bytes: length,
      bufferedBytes: 0,
      behindEvents: 0,
      behindBytes: 0,
      feed: undefined,
      upstream: 'open',
    });
    expect(proxied.proxy.stats()).to.include({ outageMs: 0, replayBytes: 0 });
    expect(proxied.proxy.feeds()).to.deep.equal([]);
    request.reset();
    await until(() => proxied.proxy.streams()[0]?.upstream === 'lost');
    expect(proxied.proxy.stats().outageMs).to.be.above(0);
  });

  it('feeds() describes a shared feed with its browsers and its ring, also while it lingers', async () => {
    const { app: proxied, browser, request, upstream: up } = await opened({ share: true, resume: quick });
    const frames = 'id: 1\ndata: one\n\nid: 2\ndata: two\n\n';
    request.send(frames);
    await browser.sees('two\n\n');
    const [stream] = proxied.proxy.streams();
    const [{ id, since, ...feed } = {} as never, ...others] = proxied.proxy.feeds();
    expect(others).to.deep.equal([]);
    expect(stream).to.include({ feed: id, behindEvents: 0, behindBytes: 0, upstream: 'open' });
    expect(Date.parse(since)).to.be.closeTo(Date.now(), 60_000);
    expect(feed).to.deep.equal({
      kind: 'live',
      route: '/sse',
      upstream: 'open',
      outageMs: 0,
      browsers: 1,
      role: undefined,
      replayEvents: 2,
      replayBytes: frames.length,
    });
    expect(proxied.proxy.stats().replayBytes).to.equal(frames.length);
    request.reset();
    await up.request(1);
    expect(proxied.proxy.feeds()[0]).to.include({ upstream: 'lost' });
    expect(proxied.proxy.stats().outageMs).to.be.above(0);
    browser.leave();
    await until(() => proxied.proxy.streams().length === 0);
    expect(proxied.proxy.feeds()).to.have.length(1);
    expect(proxied.proxy.feeds()[0]).to.include({ id, browsers: 0 });
  });

  it('feeds() lists backfills and joins beside the live feed that they belong to', async () => {
    const { app: proxied, browser, request } = await opened({ share: true });
    request.send('id: 10\ndata: ten\n\n');
    await browser.sees('ten\n\n');
    visit(proxied.port, '/sse', { 'Last-Event-ID': '3' });
    visit(proxied.port, '/sse');
    await until(() => proxied.proxy.feeds().length === 3);
    expect(proxied.proxy.feeds().map(({ kind }) => kind)).to.have.members(['live', 'join', 'backfill']);
    expect(proxied.proxy.feeds().map(({ upstream: status }) => status)).to.have.members([
      'open',
      'connecting',
      'connecting',
    ]);
    expect(new Set(proxied.proxy.feeds().map(({ id }) => id)).size).to.equal(3);
  });

  it('streams() shows how far a slow browser of a shared feed is behind', async () => {
    const up = await upstream((request) => request.begin());
    const slowClient = { maxBufferedBytes: 50_000_000, maxStallMs: 60_000 };
    const share = { replay: { maxBytes: 50_000_000 }, join: 'live' } as const;
    const { port, proxy } = await app({ target: up.url, share, slowClient });
    const fast = visit(port);
    await fast.opened();
    const slow = add(reader(port), (it) => it.leave());
    await slow.opened();
    void flood(await up.request(), 1_500, 16_384);
    const behind = await until(() => proxy.streams().find(({ behindEvents }) => behindEvents > 0));
    expect(behind.behindBytes).to.be.above(behind.bufferedBytes);
  });

  it('calls onAttach once, when the middleware is made, with its name, limits and functions', async () => {
    const attached: AttachContext[] = [];
    const observers = [{ onAttach: (context: AttachContext) => void attached.push(context) }];
    const limits = { rules: [{ name: 'address', key: () => 'a', max: 1 }] };
    const { proxy } = await app({ target: 'http://127.0.0.1:1/', name: 'logs', observers, limits });
    expect(attached).to.have.length(1);
    const [context] = attached as [AttachContext];
    expect(context).to.include({ name: 'logs' });
    expect(context.rules).to.deep.equal(['total', 'upstreams', 'address']);
    expect(context.stats()).to.deep.equal(proxy.stats());
    expect([context.streams(), context.feeds()]).to.deep.equal([[], []]);
  });

  for (const share of [false, true]) {
    it(`calls onFirstEvent once per ${share ? 'shared' : 'dedicated'} stream, not for comments or own events`, async () => {
      const seen: FirstEventContext[] = [];
      const observers = [{ onFirstEvent: (context: FirstEventContext) => void seen.push(context) }];
      const { browser, request, app: proxied } = await opened({ observers, share });
      request.send(':\n\nretry: 5000\n\n');
      await browser.sees('5000\n\n');
      expect(seen).to.deep.equal([]);
      request.send('data: one\n\n');
      request.send('data: two\n\n');
      await browser.sees('two\n\n');
      expect(seen).to.have.length(1);
      expect(seen[0]?.stream.id).to.equal(proxied.proxy.streams()[0]?.id);
      expect(seen[0]?.waitedMs).to.be.at.least(0);
    });
  }

  it('onFirstEvent may close the proxy', async () => {
    let close = () => {};
    const { browser, request, app: proxied } = await opened({ observers: [{ onFirstEvent: () => close() }] });
    close = () => void proxied.proxy.close();
    request.send('data: one\n\ndata: two\n\n');
    await until(() => browser.closed());
    expect(browser.body()).to.include('data: one\n\n').and.include('draining');
  });
});
