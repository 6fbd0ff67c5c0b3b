import { expect } from 'chai';
import express from 'express';
import { type SseProxyError, sseProxy } from '../src/index.ts';
import type { CloseContext, SseObserver, SseProxyOptions } from '../src/types.ts';
import { serve } from './support/app.ts';
import { flood, reader } from './support/flood.ts';
import { stage } from './support/stage.ts';
import { until } from './support/until.ts';

const hooks = ['onOpen', 'onClose', 'onRefuse', 'onResume', 'onGap', 'onEvict', 'onError'] as const;
type Told = [hook: (typeof hooks)[number], context: Record<string, unknown>];

/** An observer that writes down what it is told, in order. */
function journal(): { told: Told[]; observer: SseObserver } {
  const told: Told[] = [];
  const note = (hook: Told[0]) => (context: object) => void told.push([hook, { ...context }]);
  return { told, observer: Object.fromEntries(hooks.map((hook) => [hook, note(hook)])) };
}

describe('observers', () => {
  const { add, clean, upstream, app, visit, opened } = stage();
  afterEach(clean);

  const names = (told: Told[]) => told.map(([hook]) => hook);

  it('onOpen and onClose: who, how long, how much, and why it ended; once each, each with the same stream', async () => {
    const { told, observer } = journal();
    const before = performance.now();
    const {
      browser,
      request,
      app: proxied,
    } = await opened({
      observers: [observer],
      authorize: () => ({ key: 'ann' }),
      heartbeatMs: 10,
      retryMs: 7,
    });
    expect(names(told)).to.deep.equal(['onOpen']);
    request.send('id: 1\ndata: one\n\nevent: no data\n\ndata: two\n\n');
    await browser.sees('two\n\n:\n\n');
    request.end();
    await until(() => browser.complete());
    const most = performance.now() - before;
    expect(names(told)).to.deep.equal(['onOpen', 'onClose']);
    const [open, close] = told.map(([, context]) => context) as [Told[1], Told[1]];
    expect(open).to.have.all.keys('stream', 'waitedMs');
    expect(open.waitedMs).to.be.within(0, most);
    expect(close).to.have.all.keys('stream', 'reason', 'error', 'durationMs', 'events', 'bytes');
    expect(close).to.include({ reason: 'upstream-ended', error: undefined, events: 2, bytes: browser.body().length });
    expect(close.durationMs).to.be.within(0, most);
    expect(close.stream).to.equal(open.stream);
    expect(open.stream).to.include({ route: '/sse', resumed: false, key: 'ann' });
    expect(open.stream)
      .to.have.property('id')
      .that.matches(/^[0-9a-f-]{36}$/);
    expect(open.stream).to.have.nested.property('req.url', '/sse');
    expect(proxied.proxy.stats()).to.include({ opened: 1, events: 2, bytes: browser.body().length });
  });

  it('a stream has an id of its own, its route as a template, and says whether the browser came back', async () => {
    const { told, observer } = journal();
    const up = await upstream((request) => request.begin());
    const router = express.Router();
    router.get('/:workflow/stream', sseProxy({ target: up.url, observers: [observer] }));
    const { port } = add(await serve(express().use('/logs', router)), (it) => it.close());
    await visit(port, '/logs/7/stream').opened();
    await visit(port, '/logs/8/stream?a=b', { 'Last-Event-ID': '1' }).opened();
    const streams = told.map(([, { stream }]) => stream as { id: string; route: string; resumed: boolean });
    expect(streams.map(({ route, resumed }) => [route, resumed])).to.deep.equal([
      ['/logs/:workflow/stream', false],
      ['/logs/:workflow/stream', true],
    ]);
    expect(streams[0]?.id).not.to.equal(streams[1]?.id);
  });

  for (const [refuse, status] of [
    ['soft', 200],
    ['status', 502],
  ] as const) {
    it(`onError, then onRefuse: the error, the status that was sent and the retry time, refuse: '${refuse}'`, async () => {
      const { told, observer } = journal();
      const up = await upstream((request) => request.reset());
      const { port } = await app({ target: up.url, observers: [observer], refuse });
      const browser = visit(port);
      await until(() => browser.complete());
      expect(names(told)).to.deep.equal(['onError', 'onRefuse']);
      const [error, refusal] = told.map(([, context]) => context) as [Told[1], Told[1]];
      expect(error).to.have.all.keys('stream', 'error');
      expect(error.error).to.have.property('code', 'ERR_SSE_UPSTREAM_BROKEN');
      expect(refusal).to.have.all.keys('stream', 'error', 'status', 'retryMs');
      expect(refusal).to.include({ stream: error.stream, error: error.error, status });
      expect(refusal.retryMs).to.be.within(5_000, 10_000);
      if (refuse === 'soft') expect(browser.body()).to.include(`\nretry: ${refusal.retryMs}\n`);
    });
  }

  it('onRefuse: no retry time for never', async () => {
    const { told, observer } = journal();
    const { port } = await app({ target: 'http://127.0.0.1:9/', observers: [observer], authorize: () => false });
    const browser = visit(port);
    await until(() => browser.complete());
    expect(names(told)).to.deep.equal(['onError', 'onRefuse']);
    expect(told[1]?.[1]).to.include({ status: 403, retryMs: undefined });
  });

  it('onError, then onClose with the same error, when an open stream fails', async () => {
    const { told, observer } = journal();
    const { browser, request } = await opened({ observers: [observer] });
    request.reset();
    await until(() => browser.closed());
    expect(names(told)).to.deep.equal(['onOpen', 'onError', 'onClose']);
    expect(told[1]?.[1].error).to.have.property('code', 'ERR_SSE_UPSTREAM_BROKEN');
    expect(told[2]?.[1]).to.include({ reason: 'upstream-broken', error: told[1]?.[1].error });
  });

  it('onEvict, then onClose without an error: which bound, and how much waited', async () => {
    const { told, observer } = journal();
    const up = await upstream((request) => request.begin());
    const { port } = await app({ target: up.url, observers: [observer], slowClient: { maxStallMs: 40 } });
    const slow = add(reader(port), (it) => it.leave());
    await slow.opened();
    await flood(await up.request(), 4_000, 16_384);
    await until(() => told.length === 3);
    expect(names(told)).to.deep.equal(['onOpen', 'onEvict', 'onClose']);
    expect(told[1]?.[1]).to.have.all.keys('stream', 'bound', 'bufferedBytes');
    expect(told[1]?.[1]).to.include({ bound: 'maxStallMs', stream: told[0]?.[1].stream });
    expect(told[1]?.[1].bufferedBytes).to.be.above(0);
    expect(told[2]?.[1]).to.include({ reason: 'evicted', error: undefined });
  });

  it('onResume and onGap: the route, and how many browsers it concerns', async () => {
    const { told, observer } = journal();
    const resume = { minDelayMs: 1, maxDelayMs: 5, maxOutageMs: 60_000 };
    const { browser, request, upstream: up } = await opened({ observers: [observer], resume });
    request.send('data: no id\n\n');
    await browser.sees('no id\n\n');
    request.end();
    const again = await up.request(1);
    again.begin();
    again.send('data: more\n\n');
    await browser.sees('more\n\n');
    expect(names(told)).to.deep.equal(['onOpen', 'onResume', 'onGap']);
    expect(told[1]?.[1]).to.have.all.keys('route', 'attempts', 'outageMs', 'browsers');
    expect(told[1]?.[1]).to.include({ route: '/sse', attempts: 1, browsers: 1 });
    expect(told[2]?.[1]).to.deep.equal({ route: '/sse', reason: 'no-ids', browsers: 1 });
  });

  const faults: [string, () => unknown][] = [
    [
      'throws',
      () => {
        throw new Error('secret');
      },
    ],
    ['rejects', () => Promise.reject(new Error('secret'))],
    ['never settles', () => new Promise(() => {})],
    ['gives something whose then throws', () => Object.defineProperty({}, 'then', { value: () => JSON.parse('x') })],
  ];
  for (const [how, fault] of faults) {
    it(`rule 29: an observer that ${how} in every hook hurts no stream and no other observer`, async () => {
      const unhandled: unknown[] = [];
      const note = (reason: unknown) => unhandled.push(reason);
      add(process.on('unhandledRejection', note), (it) => it.off('unhandledRejection', note));
      const bad = Object.fromEntries(hooks.map((hook) => [hook, fault])) as SseObserver;
      const { told, observer } = journal();
      const options: Partial<SseProxyOptions> = { observers: [bad, observer] };
      const { browser, request, app: proxied, upstream: up } = await opened(options);
      request.send('data: one\n\n');
      expect(await browser.sees('one\n\n')).to.equal('data: one\n\n');
      request.reset();
      await until(() => browser.closed());
      const refused = visit(proxied.port);
      (await up.request(1)).raw('HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n');
      await until(() => refused.complete());
      expect(names(told)).to.deep.equal(['onOpen', 'onError', 'onClose', 'onError', 'onRefuse']);
      expect(unhandled).to.deep.equal([]);
    });
  }

  it('an observer may close the middleware from onOpen', async () => {
    const { told, observer } = journal();
    const up = await upstream((request) => request.begin());
    let closed: Promise<void> | undefined;
    const closing: SseObserver = {
      onOpen() {
        closed = proxied.proxy.close();
      },
    };
    const proxied = await app({ target: up.url, observers: [closing, observer] });
    const browser = visit(proxied.port);
    await until(() => browser.complete() && up.open() === 0);
    await closed;
    expect(browser.body()).to.match(/^retry: 2000\n\nevent: sse-proxy:end\n/);
    const reasons = told
      .filter(([hook]) => hook === 'onClose')
      .map(([, context]) => (context as never as CloseContext).reason);
    expect(reasons).to.deep.equal(['draining']);
  });

  it("an error's message and answer hold nothing of tokens, cookies, queries, ids or events", async () => {
    const errors: SseProxyError[] = [];
    const observer: SseObserver = { onError: ({ error }) => errors.push(error) };
    const secrets = { Authorization: 'Bearer secret', Cookie: 'sid=secret', 'Last-Event-ID': 'secret' };
    const answers = [
      'HTTP/1.1 503 secret\r\nX-Secret: secret\r\nContent-Length: 6\r\n\r\nsecret',
      'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; secret="a"\r\n\r\ndata: secret\n\ndata: secret secret',
      'HTTP/1.1 200 OK\r\nsecret\r\n\r\n',
    ];
    let n = 0;
    const up = await upstream((request) => {
      request.raw(answers[n++] ?? '');
      if (n === 2) request.socket.resetAndDestroy();
    });
    const { port } = await app({
      target: up.url,
      observers: [observer],
      forwardQuery: true,
      forwardCookies: ['sid'],
      maxEventBytes: 16,
    });
    for (const _ of answers) {
      const browser = visit(port, '/sse?token=secret', secrets);
      await until(() => browser.complete() || browser.closed());
    }
    expect(errors).to.have.length(3);
    for (const error of errors) expect(`${error.message} ${error.title} ${error.reason}`).not.to.include('secret');
  });
});
