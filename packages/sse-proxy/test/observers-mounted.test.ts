import { expect } from 'chai';
import express from 'express';
import { sseProxy, sseRouter } from '../src/index.ts';
import type { SseObserver, SseProxyOptions, StreamInfo } from '../src/types.ts';
import { serve } from './support/app.ts';
import { hooks, recorder } from './support/recorder.ts';
import { stage } from './support/stage.ts';
import { until } from './support/until.ts';

const quick = { minDelayMs: 5, maxDelayMs: 20 };

const fail = () => {
  throw new Error('observer');
};

describe('an observer that fails', () => {
  const { add, clean, visit, opened } = stage();
  afterEach(clean);

  /** Unhandled rejections so far. */
  function unhandled(): unknown[] {
    const seen: unknown[] = [];
    const listener = (reason: unknown) => void seen.push(reason);
    process.on('unhandledRejection', listener);
    add(listener, () => process.off('unhandledRejection', listener));
    return seen;
  }

  const broken: [string, () => unknown][] = [
    ['throws', fail],
    [
      'throws nothing in particular',
      () => {
        throw undefined;
      },
    ],
    ['rejects', () => Promise.reject(new Error('observer'))],
    ['never settles', () => new Promise(() => {})],
    ['gives a thenable that throws', () => Object.defineProperty({}, 'then', { value: fail })],
    ['gives a then that cannot be read', () => Object.defineProperty({}, 'then', { get: fail })],
  ];
  for (const [name, hook] of broken) {
    it(`an observer affects neither the stream nor other observers: every hook ${name} [row 27]`, async () => {
      const bad = Object.fromEntries(hooks.map((one) => [one, hook])) as SseObserver;
      const record = recorder();
      const rejections = unhandled();
      const options = { observers: [bad, record.observer, bad], resume: quick };
      const { app: proxied, upstream: up, request, browser } = await opened(options);
      request.send('data: one\n\n');
      await browser.sees('one\n\n');
      request.reset();
      (await up.request(1)).begin();
      await browser.sees('sse-proxy:gap');
      up.requests[1]?.send('data: two\n\n');
      const body = await browser.sees('two\n\n');
      expect(body).to.match(/^data: one\n\nevent: sse-proxy:gap\ndata: \{[^\n]*\}\n\ndata: two\n\n$/);
      browser.leave();
      await until(() => record.of('onClose').length === 1);
      const refused = visit(proxied.port, '/sse', { Origin: 'https://evil.example' });
      await until(() => refused.complete());
      expect(refused.status()).to.equal(403);
      expect(record.names()).to.deep.equal([
        'onOpen',
        'onUpstreamLost',
        'onResume',
        'onGap',
        'onClose',
        'onError',
        'onRefuse',
      ]);
      await until(() => up.open() === 0);
      expect(rejections).to.deep.equal([]);
    });
  }

  it('an observer may be an instance with methods', async () => {
    class Counting implements SseObserver {
      count = 0;
      onOpen() {
        this.count++;
      }
    }
    const counting = new Counting();
    await opened({ observers: [counting, {}, counting] });
    expect(counting.count).to.equal(2);
  });
});

describe('the route in observer contexts', () => {
  const { add, clean, upstream, visit } = stage();
  afterEach(clean);

  const cases: [
    name: string,
    mount: (it: express.Express, options: SseProxyOptions) => unknown,
    path: string,
    route: string,
  ][] = [
    [
      'app.get',
      (it, options) => it.get('/logs/:id/stream', sseProxy(options)),
      '/logs/s3cret/stream?x=1',
      '/logs/:id/stream',
    ],
    ['app.use', (it, options) => it.use('/logs', sseProxy(options)), '/logs/s3cret?x=1', '/logs'],
    [
      'app.use with a parameter',
      (it, options) => it.use('/logs/:id', sseProxy(options)),
      '/logs/s3cret%20id/stream?x=1',
      '/logs/:id',
    ],
    [
      'a router with mergeParams below a parameter',
      (it, options) => it.use('/ws/:ws', express.Router({ mergeParams: true }).get('/:id', sseProxy(options))),
      '/ws/s3cret/7',
      '/ws/:ws/:id',
    ],
    [
      'a router',
      (it, options) => it.use('/api', express.Router().get('/:id', sseProxy(options))),
      '/api/s3cret',
      '/api/:id',
    ],
    ['sseRouter', (it, options) => it.use(sseRouter({ '/a/:id': options })), '/a/s3cret', '/a/:id'],
    [
      'sseRouter under a path',
      (it, options) => it.use('/api', sseRouter({ '/a/:id': options })),
      '/api/a/s3cret',
      '/api/a/:id',
    ],
  ];
  for (const [name, mount, path, route] of cases) {
    it(`the route of observer contexts is ${route} for ${name}`, async () => {
      const record = recorder();
      const up = await upstream((request) => request.begin());
      const it = express();
      mount(it, { target: up.url, resume: quick, observers: [record.observer] });
      const server = add(await serve(it), (one) => one.close());
      const browser = await visit(server.port, path).opened();
      up.requests[0]?.send('data: one\n\n');
      await browser.sees('one\n\n');
      up.requests[0]?.reset();
      await browser.sees('sse-proxy:gap');
      expect((record.of('onOpen')[0]!.stream as StreamInfo).route).to.equal(route);
      for (const hook of ['onUpstreamLost', 'onResume', 'onGap'])
        expect(record.of(hook)[0]?.route, hook).to.equal(route);
    });
  }
});
