import { expect } from 'chai';
import express from 'express';
import fc from 'fast-check';
import { SseProxyError, sseRouter } from '../src/index.ts';
import type { SseProxyOptions } from '../src/types.ts';
import { serve, type Witness, witness } from './support/app.ts';
import { browseRaw } from './support/browser.ts';
import { pushedSource } from './support/pushed-source.ts';
import { stage } from './support/stage.ts';
import { until } from './support/until.ts';

describe('sseRouter', () => {
  const { add, clean, upstream, visit } = stage();
  afterEach(clean);

  /** The router in an Express app, under `at`. */
  async function routed(
    routes: Record<string, Partial<SseProxyOptions>>,
    defaults: Partial<SseProxyOptions> = {},
    at = '/',
  ) {
    const seen: Witness = witness();
    const router = sseRouter(routes, { observers: [seen], retryMs: false, ...defaults });
    const app = express();
    let closed = 0;
    app.use((_, res, next) => {
      res.on('close', () => closed++);
      next();
    });
    app.use(at, router);
    app.get('/after', (_, res) => void res.send('after'));
    const { port } = add(await serve(app), (it) => it.close());
    return { router, port, seen, closed: () => closed };
  }

  it('serves several routes, each from its own target, with parameters', async () => {
    const [logs, alerts] = [await upstream((request) => request.begin()), await upstream((request) => request.begin())];
    const { port, seen } = await routed({
      '/sse/logs/:workflow/stream': { target: `http://127.0.0.1:${logs.port}/workflow/:workflow/logs` },
      '/sse/alerts': { target: `http://127.0.0.1:${alerts.port}/alerts` },
    });
    const [one, two] = [visit(port, '/sse/logs/wf%201/stream'), visit(port, '/sse/alerts')];
    expect((await logs.request()).line).to.equal('GET /workflow/wf%201/logs HTTP/1.1');
    expect((await alerts.request()).line).to.equal('GET /alerts HTTP/1.1');
    logs.requests[0]!.send('data: log\n\n');
    alerts.requests[0]!.send('data: alert\n\n');
    expect(await one.sees('log\n\n')).to.equal('data: log\n\n');
    expect(await two.sees('alert\n\n')).to.equal('data: alert\n\n');
    expect(seen.opens.map(({ stream }) => stream.route)).to.have.members(['/sse/logs/:workflow/stream', '/sse/alerts']);
  });

  it('serves a route from a source beside routes with a target; defaults of the other kind don’t apply to it', async () => {
    const up = await upstream((request) => request.begin());
    const pushed = pushedSource();
    const routes = { '/sse/jobs/:id': { source: pushed.source }, '/sse/logs': {} };
    const { port, router } = await routed(routes, {
      target: up.url,
      upstreamHeaders: { 'x-a': '1' },
      forwardHeaders: [],
    });
    const [job, log] = [visit(port, '/sse/jobs/7'), visit(port, '/sse/logs')];
    (await pushed.call()).push({ data: `of job ${pushed.calls[0]?.req.params.id}` });
    (await up.request()).send('data: log\n\n');
    expect(await job.sees('\n\n')).to.equal('data: of job 7\n\n');
    expect(await log.sees('\n\n')).to.equal('data: log\n\n');
    expect(router.stats()).to.include({ open: 2, upstreamConnections: 2 });
    await router.close();
    expect(router.stats()).to.include({ open: 0, upstreamConnections: 0 });
    const source = pushed.source;
    for (const route of [
      { source, target: up.url },
      { source, forwardHeaders: ['x-a'] },
      { source, share: true },
    ])
      expect(() => sseRouter({ '/sse': route })).to.throw(SseProxyError, '(route "/sse")');
    expect(() => sseRouter({ '/sse': { target: up.url } }, { source })).to.not.throw();
  });

  it('works under a mount path, which observers get as part of the route', async () => {
    const up = await upstream((request) => request.begin());
    const { port, seen } = await routed({ '/logs/:id': { target: `http://127.0.0.1:${up.port}/:id` } }, {}, '/api/sse');
    await visit(port, '/api/sse/logs/7?x=1').opened();
    expect((await up.request()).line).to.equal('GET /7 HTTP/1.1');
    expect(seen.opens[0]!.stream.route).to.equal('/api/sse/logs/:id');
    expect((await visit(port, '/logs/7').opened()).status()).to.equal(404);
  });

  it('passes other paths on to the app', async () => {
    const { port } = await routed({ '/sse': { target: 'http://127.0.0.1:9' } });
    const browser = visit(port, '/after');
    await until(() => browser.complete());
    expect(browser.body()).to.equal('after');
  });

  it('applies the defaults to every route that does not set the option itself', async () => {
    const up = await upstream((request) => request.begin());
    const { port } = await routed(
      { '/a': {}, '/b': { retryMs: 7, forwardHeaders: ['x-b'] }, '/c': { authorize: () => true } },
      { target: up.url, retryMs: 5, forwardHeaders: ['x-a'], authorize: (req) => req.path !== '/a' },
    );
    expect((await visit(port, '/a').opened()).status()).to.equal(403);
    const fields = { 'X-A': 'a', 'X-B': 'b' };
    await visit(port, '/b', fields).sees('retry: 7\n');
    await visit(port, '/c', fields).sees('retry: 5\n');
    expect(up.requests.map(({ headers }) => [headers['x-a'], headers['x-b']])).to.deep.equal([
      [undefined, 'b'],
      ['a', undefined],
    ]);
  });

  it('applies the default to an option of a route that is undefined', async () => {
    const up = await upstream((request) => request.begin());
    const routes = { '/a': { retryMs: undefined, authorize: undefined } } as unknown as Record<string, object>;
    const { port } = await routed(routes, { target: up.url, authorize: () => false, retryMs: 5 });
    expect((await visit(port, '/a').opened()).status()).to.equal(403);
  });

  it('counts the limits of the defaults per route', async () => {
    const up = await upstream((request) => request.begin());
    const { port, router } = await routed({ '/a': {}, '/b': {} }, { target: up.url, limits: { total: 1 } });
    await visit(port, '/a').opened();
    await visit(port, '/b').opened();
    expect(router.stats()).to.include({ open: 2, refused: 0 });
  });

  for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
    it(`responds to ${method} with 405 and Allow [R10]`, async () => {
      const { port } = await routed({ '/sse': { target: 'http://127.0.0.1:9' } });
      const browser = add(browseRaw(port, `${method} /sse HTTP/1.1\r\nHost: a\r\n\r\n`), (it) => it.leave());
      await until(() => browser.complete() || browser.closed());
      expect(browser.status()).to.equal(405);
      expect(browser.headers()).to.include({ allow: 'GET, HEAD' });
    });
  }

  it('responds to HEAD with the headers of a stream [R10]', async () => {
    const { port } = await routed({ '/sse': { target: 'http://127.0.0.1:9' } });
    const browser = await add(browseRaw(port, 'HEAD /sse HTTP/1.1\r\nHost: a\r\n\r\n'), (it) => it.leave()).opened();
    expect(browser.status()).to.equal(200);
    expect(browser.headers()['content-type']).to.equal('text/event-stream; charset=utf-8');
  });

  it('names the route in the error of an option', () => {
    const routes = { '/a': { target: 'http://127.0.0.1:9' }, '/b': { target: 'http://127.0.0.1:9', heartbeatMs: 0 } };
    expect(() => sseRouter(routes)).to.throw(SseProxyError, /^sse-proxy option heartbeatMs: .*\(route "\/b"\)$/);
  });

  it('stats() returns the sums over its routes', async () => {
    const up = await upstream((request) => {
      if (request.line.includes('/refuse')) request.raw('HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n');
      else if (!request.line.includes('/slow')) request.begin();
    });
    const origin = `http://127.0.0.1:${up.port}`;
    const { port, router } = await routed({
      '/a': { target: `${origin}/a` },
      '/b': { target: `${origin}/b` },
      '/refuse': { target: `${origin}/refuse` },
      '/slow': { target: `${origin}/slow` },
    });
    const browsers = [visit(port, '/a'), visit(port, '/a'), visit(port, '/b')];
    await until(() => up.requests.length === 3);
    for (const request of up.requests) request.send('data: a\n\ndata: b\n\n');
    for (const browser of browsers) await browser.sees('data: b\n\n');
    await visit(port, '/refuse').opened();
    visit(port, '/slow');
    await until(() => up.requests.length === 5);
    const { oldestMs, ...stats } = router.stats();
    expect(stats).to.deep.equal({
      open: 3,
      opening: 1,
      opened: 3,
      refused: 1,
      evicted: 0,
      events: 6,
      bytes: 54,
      bufferedBytes: 0,
      upstreamConnections: 4,
      sharedFeeds: 0,
      replayBytes: 0,
      outageMs: 0,
      draining: false,
    });
    expect(oldestMs).to.be.above(0);
  });

  it('close() ends the streams of all routes, refuses new ones, and can be called again', async () => {
    const up = await upstream((request) => request.begin());
    const { port, router, closed } = await routed({ '/a': {}, '/b': {} }, { target: up.url });
    const browsers = [await visit(port, '/a').opened(), await visit(port, '/b').opened()];
    await Promise.all([router.close(), router.close({ graceMs: 0 })]);
    expect(closed()).to.equal(2);
    expect(router.stats()).to.include({ open: 0, upstreamConnections: 0, draining: true });
    for (const browser of browsers) {
      await until(() => browser.complete());
      expect(browser.body()).to.match(/^event: sse-proxy:end\nretry: \d+\ndata: \{"reason":"draining"/);
    }
    for (const path of ['/a', '/b'])
      expect(await visit(port, path).sees('"ERR_SSE_DRAINING"')).to.match(/^event: sse-proxy:refused\n/);
    await router.close();
    await until(() => up.open() === 0);
    expect(up.requests).to.have.length(2);
  });

  const wrong: [string, unknown, unknown, RegExp][] = [
    [
      'no table',
      undefined,
      {},
      /^sse-proxy option routes: expected an object such as .*, got undefined \(see README#options\)$/,
    ],
    ['an empty table', {}, {}, /^sse-proxy option routes: expected an object such as/],
    [
      'defaults that are no object',
      { '/sse': { target: 'http://a' } },
      'http://a',
      /^sse-proxy option defaults: expected an object with options, got "http:\/\/a" \(see README#options\)$/,
    ],
    ['a list', [{ target: 'http://a' }], {}, /^sse-proxy option routes: .*, got an array of 1 \(see README#options\)$/],
    [
      'a path without a slash',
      { sse: { target: 'http://a' } },
      {},
      /^sse-proxy option routes: expected paths that start with '\/', got "sse" \(see README#options\)$/,
    ],
    [
      'a route that is no object',
      { '/sse': 'http://a' },
      {},
      /^sse-proxy option routes\["\/sse"\]: expected an object with options, got "http:\/\/a" \(see README#options\)$/,
    ],
    [
      'a path that Express cannot parse',
      { '/sse/*': { target: 'http://a' } },
      {},
      /^sse-proxy option routes: expected a path that Express accepts, got "\/sse\/\*" \(see README#options\)$/,
    ],
    ['a route without a target', { '/sse': {} }, {}, /^sse-proxy option target: expected an absolute/],
    [
      'an unknown option of a route',
      { '/sse': { target: 'http://a', heartBeatMs: 5 } },
      {},
      /^sse-proxy option heartBeatMs: expected one of .*, got an unknown name \(see README#options\) \(route "\/sse"\)$/,
    ],
    [
      'a wrong option of a route',
      { '/sse': { target: 'http://a', heartbeatMs: 0 } },
      {},
      /^sse-proxy option heartbeatMs: /,
    ],
    [
      'an unknown default',
      { '/sse': { target: 'http://a' } },
      { heartBeatMs: 5 },
      /^sse-proxy option heartBeatMs: expected one of .*, got an unknown name \(see README#options\) \(route "\/sse"\)$/,
    ],
  ];
  for (const [name, routes, defaults, message] of wrong) {
    it(`sseRouter throws when it is made from ${name}`, () => {
      expect(() => sseRouter(routes as Record<string, SseProxyOptions>, defaults as SseProxyOptions))
        .to.throw(SseProxyError, message)
        .with.property('code', 'ERR_SSE_OPTION');
    });
  }
});

describe('sseRouter of any value', () => {
  it('sseRouter throws nothing but ERR_SSE_OPTION, whatever it is called with', () => {
    const any = fc.anything({ maxDepth: 1, maxKeys: 2 });
    const path = fc.oneof(fc.constantFrom('/a', '/:a', '/*a', '/{a', '/a(b)', '/:', '/?'), fc.string());
    const options = fc.oneof(any, fc.constant({ target: 'http://a' }));
    fc.assert(
      fc.property(fc.oneof(any, fc.dictionary(path, options, { maxKeys: 3 })), any, (routes, defaults) => {
        try {
          sseRouter(routes as Record<string, SseProxyOptions>, defaults as SseProxyOptions);
        } catch (error) {
          expect(error).to.be.instanceOf(SseProxyError).with.property('code', 'ERR_SSE_OPTION');
        }
      }),
      { numRuns: 300, endOnFailure: true },
    );
  });
});
