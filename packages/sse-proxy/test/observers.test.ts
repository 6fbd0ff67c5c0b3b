import { inspect } from 'node:util';
import { expect } from 'chai';
import type { SseProxyError } from '../src/errors.ts';
import type { OpenStream, SseProxyOptions, StreamInfo } from '../src/types.ts';
import { flood, reader } from './support/flood.ts';
import { recorder } from './support/recorder.ts';
import { stage } from './support/stage.ts';
import { until } from './support/until.ts';

const quick = { minDelayMs: 5, maxDelayMs: 20 };

describe('observers', () => {
  const { add, clean, upstream, app, visit, opened } = stage();
  afterEach(clean);

  async function watched(options: Partial<SseProxyOptions> = {}) {
    const record = recorder();
    return { ...record, ...(await opened({ observers: [record.observer], ...options })) };
  }

  it('calls onOpen and onClose once each for a stream that the browser closes', async () => {
    const {
      told,
      of,
      names,
      app: proxied,
      browser,
      request,
    } = await watched({
      authorize: () => ({ key: 'user-1' }),
      retryMs: 5,
    });
    request.send('id: 1\ndata: one\n\n:\n\ndata: two\n\n');
    const body = await browser.sees('two\n\n');
    expect(names()).to.deep.equal(['onOpen']);
    browser.leave();
    await until(() => told.length > 1 && proxied.proxy.stats().open === 0);
    expect(names()).to.deep.equal(['onOpen', 'onClose']);
    const [open] = of('onOpen');
    const [close] = of('onClose');
    expect(open).to.have.all.keys('stream', 'waitedMs', 'early', 'lastEventIdHash', 'sharedSpan');
    expect(open?.sharedSpan).to.equal(undefined);
    expect(open?.waitedMs).to.be.a('number').and.at.least(0);
    const { durationMs, ...rest } = close ?? {};
    expect(durationMs).to.be.a('number').and.at.least(0);
    expect(rest).to.deep.equal({
      stream: open?.stream,
      reason: 'browser-left',
      error: undefined,
      events: 2,
      bytes: body.length,
    });
    expect(close?.stream).to.equal(open?.stream);
    const { id, ...info } = open!.stream as StreamInfo;
    expect(info).to.deep.equal({ route: '/sse', params: {}, key: 'user-1', fields: {}, resumed: false });
    expect(id).to.match(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  });

  it('gives each stream an id of its own, and marks it as resumed if the browser sent a Last-Event-ID', async () => {
    const up = await upstream((request) => request.begin());
    const { port, witness } = await app({ target: up.url });
    const ids = [null, '7', ''];
    for (const id of ids) await visit(port, '/sse', { 'Last-Event-ID': id }).opened();
    await visit(port, '/sse?lastEventId=7').opened();
    await until(() => witness.opens.length === 4);
    expect(witness.opens.map(({ stream }) => stream.resumed)).to.deep.equal([false, true, false, true]);
    // The beginning of the SHA-256 of '7', as any tool computes it.
    const hash = '7902699be42c8a8e';
    expect(witness.opens.map(({ lastEventIdHash }) => lastEventIdHash)).to.deep.equal([
      undefined,
      hash,
      undefined,
      hash,
    ]);
    expect(new Set(witness.opens.map(({ stream }) => stream.id)).size).to.equal(4);
    expect(witness.opens.map(({ stream }) => stream.key)).to.deep.equal(Array(4).fill(undefined));
  });

  it('calls onError, then onRefuse, with the same stream and error for a refusal', async () => {
    const { observer, told, of, names } = recorder();
    const { port, proxy } = await app({
      target: 'http://127.0.0.1:1/',
      observers: [observer],
      authorize: () => ({ key: 'user-1' }),
    });
    const browser = visit(port);
    await until(() => browser.complete());
    expect(names()).to.deep.equal(['onError', 'onRefuse']);
    const [failed] = of('onError');
    const [refused] = of('onRefuse');
    expect(failed).to.have.all.keys('stream', 'error');
    expect(failed?.error).to.include({ code: 'ERR_SSE_UPSTREAM_CONNECT', name: 'SseProxyError', temporary: true });
    const retryMs = Number(/^retry: (\d+)$/m.exec(browser.body())?.[1]);
    expect(refused).to.deep.equal({ ...failed, status: 200, retryMs });
    expect(refused?.error).to.equal(failed?.error);
    expect((refused!.stream as StreamInfo).key).to.equal('user-1');
    expect(proxy.stats()).to.include({ refused: 1, opened: 0 });
    expect(told).to.have.length(2);
  });

  it('calls onError, then onClose, with the same error for a stream that breaks', async () => {
    const { of, names, told, request, browser } = await watched();
    request.send('data: one\n\n');
    await browser.sees('one\n\n');
    request.reset();
    await until(() => told.length === 3 && browser.closed());
    expect(names()).to.deep.equal(['onOpen', 'onError', 'onClose']);
    const [failed] = of('onError');
    const [close] = of('onClose');
    expect(failed).to.have.all.keys('stream', 'error');
    expect(failed?.error).to.include({ code: 'ERR_SSE_UPSTREAM_BROKEN' });
    expect(close).to.include({ reason: 'upstream-broken', error: failed?.error, stream: failed?.stream, events: 1 });
  });

  it('calls no hook for a request that is aborted before it opens, or for HEAD', async () => {
    const { observer, told } = recorder();
    const up = await upstream();
    const { port, proxy } = await app({ target: up.url, observers: [observer] });
    const browser = visit(port);
    const request = await up.request();
    browser.leave();
    await until(() => request.closed() && proxy.stats().opening === 0);
    const head = await fetch(`http://127.0.0.1:${port}/sse`, { method: 'HEAD' });
    expect([head.status, told.length]).to.deep.equal([200, 0]);
  });

  for (const [mode, count] of [
    ['dedicated', 1],
    ['shared', 3],
  ] as const) {
    it(`calls onUpstreamLost once per code, onResume and onGap once per lost upstream, with its ${count} browser(s), ${mode}`, async () => {
      const {
        told,
        of,
        names,
        app: proxied,
        upstream: up,
        request,
        browser,
      } = await watched({
        resume: quick,
        share: mode === 'shared',
      });
      const browsers = [browser];
      while (browsers.length < count) browsers.push(visit(proxied.port));
      await until(() => told.length === count);
      request.send('data: no id\n\n');
      await Promise.all(browsers.map((each) => each.sees('no id\n\n')));
      request.reset();
      (await up.request(1)).raw('HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n');
      (await up.request(2)).begin();
      await Promise.all(browsers.map((each) => each.sees('event: sse-proxy:gap\n')));
      const lost = ['onUpstreamLost', 'onUpstreamLost'];
      expect(names().slice(count)).to.deep.equal([...lost, 'onResume', 'onGap']);
      const stream = mode === 'shared' ? undefined : of('onOpen')[0]?.stream;
      const common = { route: '/sse', stream, browsers: count };
      expect(of('onUpstreamLost').map(({ error, ...rest }) => [(error as SseProxyError).code, rest])).to.deep.equal([
        ['ERR_SSE_UPSTREAM_BROKEN', { ...common, attempts: 0 }],
        ['ERR_SSE_UPSTREAM_BUSY', { ...common, attempts: 1 }],
      ]);
      const { outageMs, ...resumed } = of('onResume')[0] ?? {};
      expect(outageMs).to.be.a('number').and.above(0);
      expect(resumed).to.deep.equal({ ...common, attempts: 2 });
      expect(of('onGap')).to.deep.equal([{ ...common, reason: 'no-ids' }]);

      // The next outage is counted from its own beginning.
      up.requests[2]?.send('id: 1\ndata: one\n\n');
      await Promise.all(browsers.map((each) => each.sees('data: one\n\n')));
      up.requests[2]?.reset();
      (await up.request(3)).begin();
      await until(() => of('onResume').length === 2);
      expect(of('onResume')[1]).to.include({ attempts: 1, browsers: count });
      expect(names().slice(count)).to.deep.equal([...lost, 'onResume', 'onGap', 'onUpstreamLost', 'onResume']);
    });
  }

  it('calls onGap for the one browser whose id a shared feed no longer holds', async () => {
    const { of, app: proxied } = await watched({ share: { ids: 'assign' } });
    await visit(proxied.port, '/sse', { 'Last-Event-ID': 'forgotten-7' }).sees('sse-proxy:gap');
    const { stream } = of('onOpen')[1] as { stream: StreamInfo };
    expect(stream.resumed).to.equal(true);
    expect(of('onGap')).to.deep.equal([{ route: '/sse', stream, reason: 'unknown-id', browsers: 1 }]);
  });

  it('calls onEvict, then onClose, and no onError for an evicted browser', async () => {
    const { observer, told, of, names } = recorder();
    const up = await upstream((request) => request.begin());
    const { port } = await app({
      target: up.url,
      observers: [observer],
      slowClient: { maxStallMs: 50 },
    });
    const stuck = add(reader(port), (it) => it.leave());
    void flood(await up.request(), 4_000, 16_384);
    await until(() => told.length === 3);
    expect(names()).to.deep.equal(['onOpen', 'onEvict', 'onClose']);
    const { bufferedBytes, ...evicted } = of('onEvict')[0] ?? {};
    const [open] = of('onOpen');
    expect(evicted).to.deep.equal({ stream: open?.stream, bound: 'maxStallMs' });
    expect(bufferedBytes).to.be.a('number').and.above(0);
    expect(of('onClose')[0]).to.include({ stream: open?.stream, reason: 'evicted', error: undefined });
    stuck.leave();
  });

  it('passes frozen objects of plain values, which show no header and can end nothing [R60]', async () => {
    const record = recorder();
    const up = await upstream((request) => request.begin());
    const secret = { Authorization: 's3cret', Cookie: 'sid=s3cret', 'X-Test': 's3cret' };
    const { port, proxy } = await app(
      {
        target: up.url,
        observers: [record.observer],
        resume: quick,
        authorize: (req) => req.query.no === undefined && { key: 'user-1' },
        slowClient: { maxStallMs: 50 },
      },
      { path: '/:workflow/stream' },
    );
    const browser = visit(port, '/w1/stream', { ...secret, 'Last-Event-ID': '7' });
    await browser.opened();
    browser.leave();
    await until(() => record.of('onClose').length === 1);
    visit(port, '/w1/stream', { ...secret, 'Last-Event-ID': '7' });
    (await up.request(1)).reset();
    await until(() => record.of('onResume').length === 1);
    visit(port, '/w1/stream?no', secret);
    await until(() => record.of('onRefuse').length === 1);
    add(reader(port, '/w1/stream'), (it) => it.leave());
    void flood(await until(() => up.requests[3]), 4_000, 16_384);
    await until(() => record.of('onEvict').length === 1);
    expect(new Set(record.names())).to.include.members([
      'onOpen',
      'onClose',
      'onUpstreamLost',
      'onResume',
      'onRefuse',
      'onEvict',
      'onError',
    ]);
    for (const { hook, context } of record.told) {
      expect(Object.isFrozen(context), hook).to.equal(true);
      expect(inspect(context, { depth: 9, showHidden: true }), hook).to.not.include('s3cret');
      expect(JSON.stringify(context), hook).to.be.a('string');
      const { stream, error } = context as { stream?: StreamInfo; error?: SseProxyError };
      if (error) expect(Object.isFrozen(error), hook).to.equal(true);
      if (!stream) continue;
      expect(stream).to.have.all.keys('id', 'route', 'params', 'key', 'fields', 'resumed');
      expect(
        [Object.getPrototypeOf(stream), ...[stream, stream.params, stream.fields].map(Object.isFrozen)],
        hook,
      ).to.deep.equal([Object.prototype, true, true, true]);
      expect(stream).to.include({ route: '/:workflow/stream' });
      expect(stream.params).to.deep.equal({ workflow: 'w1' });
    }
    expect(proxy.stats().evicted).to.equal(1);
  });

  it('lists the open streams as frozen objects of plain values [R60]', async () => {
    const before = Date.now();
    const up = await upstream((request) => request.begin());
    const { port, proxy, witness } = await app({ target: up.url, authorize: () => ({ key: 'ann' }), retryMs: false });
    expect(proxy.streams()).to.deep.equal([]);
    const browser = visit(port, '/sse', { Cookie: 'sid=s3cret' });
    (await up.request()).send('data: one\n\n');
    await browser.sees('one\n\n');
    const [stream, ...others] = proxy.streams();
    expect(others).to.deep.equal([]);
    const atTip = { bufferedBytes: 0, behindEvents: 0, behindBytes: 0, feed: undefined, upstream: 'open' };
    const { since, ...rest } = stream as OpenStream;
    expect(Date.parse(since)).to.be.within(before, Date.now());
    expect(rest).to.deep.equal({ ...witness.opens[0]?.stream, events: 1, bytes: 11, ...atTip });
    expect(Object.isFrozen(stream)).to.equal(true);
    browser.leave();
    await until(() => proxy.streams().length === 0);
  });
});
