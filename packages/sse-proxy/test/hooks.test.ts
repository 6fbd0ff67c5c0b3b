import { expect } from 'chai';
import type { Request } from 'express';
import type { SseProxyErrorCode } from '../src/index.ts';
import type { SseProxyOptions, StreamLimiter } from '../src/types.ts';
import { stage } from './support/stage.ts';
import { until } from './support/until.ts';

type Hook = (req: Request) => unknown;

/** Each hook that is called before a stream opens: the options that set it, and a valid return value. */
const hooks: Record<string, { set: (hook: Hook) => Partial<SseProxyOptions>; well: (url: string) => unknown }> = {
  authorize: { set: (hook) => ({ authorize: hook as never }), well: () => true },
  'limits.acquire': {
    set: (hook) => ({ limits: { acquire: ({ req }) => hook(req) as never } }),
    well: () => ({ ok: true, release() {} }),
  },
  target: { set: (hook) => ({ target: hook as never }), well: (url) => url },
  upstreamHeaders: { set: (hook) => ({ upstreamHeaders: hook as never }), well: () => ({ 'x-token': 'fine' }) },
};

const faults: [string, () => unknown, SseProxyErrorCode][] = [
  [
    'throws',
    () => {
      throw new Error('secret');
    },
    'ERR_SSE_HOOK',
  ],
  [
    'throws what is no error',
    () => {
      throw undefined;
    },
    'ERR_SSE_HOOK',
  ],
  ['rejects', () => Promise.reject(new Error('secret')), 'ERR_SSE_HOOK'],
  ['never settles', () => new Promise(() => {}), 'ERR_SSE_HOOK_TIMEOUT'],
  [
    'gives something whose then throws',
    () => Object.defineProperty({}, 'then', { value: () => JSON.parse('secret') }),
    'ERR_SSE_HOOK',
  ],
];

describe('hooks that fail', () => {
  const { add, clean, upstream, app, visit, opened } = stage();
  afterEach(clean);

  for (const [name, { set, well }] of Object.entries(hooks)) {
    for (const [how, fault, code] of faults) {
      it(`${name} that ${how} refuses only its own request [R45]`, async () => {
        const up = await upstream((request) => request.begin());
        const options = set((req) => (req.headers['x-fault'] ? fault() : well(up.url)));
        const proxied = await app({ target: up.url, retryMs: false, hookTimeoutMs: 30, ...options });
        const good = await visit(proxied.port).opened();
        const hit = visit(proxied.port, '/sse', { 'X-Fault': 'yes' });
        await until(() => hit.complete());
        expect(hit.body()).to.match(/^event: sse-proxy:refused\nretry: \d+\ndata: \{"reason":"internal",/);
        expect(hit.wire()).not.to.include('secret');
        const { errors, refusals } = proxied.witness;
        expect(errors.map(({ error }) => error.code)).to.deep.equal([code]);
        expect(errors[0]?.error.message).to.include(name).and.not.include('secret');
        expect(refusals).to.have.length(1);
        up.requests[0]?.send('data: one\n\n');
        expect(await good.sees('one\n\n')).to.equal('data: one\n\n');
        expect(proxied.proxy.stats()).to.include({ open: 1, opening: 0, refused: 1 });
      });
    }
  }

  for (const [name, value] of [
    ['authorize', undefined],
    ['authorize', 'secret'],
    ['authorize', { key: '' }],
    ['authorize', { key: 7 }],
    ['authorize', { key: 'a', allowed: 'secret' }],
    ['authorize', { key: 'a', allowed: undefined }],
    ['authorize', { fields: { workflow: 'secret' } }],
    ['authorize', { key: 'a', fields: 'secret' }],
    ['authorize', { key: 'a', fields: ['secret'] }],
    ['authorize', { key: 'a', fields: { workflow: 7 } }],
    ['authorize', { key: 'a', fields: { 'secret-name': 'b' } }],
    ['authorize', { key: 'a', fields: { ['secret'.repeat(7)]: 'b' } }],
    ['authorize', { key: 'a', fields: { a1: '', a2: '', a3: '', a4: '', a5: '', a6: '', a7: '', a8: '', secret: '' } }],
    ['limits.acquire', undefined],
    ['limits.acquire', { ok: true }],
    ['limits.acquire', { ok: false, rule: 'secret' }],
    ['limits.acquire', { ok: false, rule: 'a', kind: 'secret' }],
    ['limits.acquire', { ok: false, rule: 5, kind: 'max' }],
    ['target', undefined],
    ['target', 'secret'],
    ['target', '/secret'],
    ['target', 'file:///secret'],
    ['target', 'http://a:secret@127.0.0.1/'],
    ['upstreamHeaders', undefined],
    ['upstreamHeaders', 'secret'],
    ['upstreamHeaders', { 'x-a': 'secret\r\nb: c' }],
    ['upstreamHeaders', { host: 'secret' }],
  ] as const) {
    it(`${name} that returns ${JSON.stringify(value)} refuses its request, with a message that does not contain it [R45] [R56]`, async () => {
      const up = await upstream();
      const proxied = await app({ target: up.url, ...hooks[name]?.set(() => value) });
      const browser = visit(proxied.port);
      await until(() => browser.complete());
      const { errors } = proxied.witness;
      expect(errors.map(({ error }) => error.code)).to.deep.equal([
        name === 'target' || name === 'upstreamHeaders' ? 'ERR_SSE_OPTION' : 'ERR_SSE_HOOK',
      ]);
      expect(errors[0]?.error.message).to.include(name).and.not.include('secret');
      expect(browser.wire()).not.to.include('secret');
      expect(up.requests).to.have.length(0);
    });
  }

  for (const [how, release] of [
    [
      'throws',
      () => {
        throw new Error('no');
      },
    ],
    ['rejects', () => Promise.reject(new Error('no'))],
  ] as const) {
    it(`a permit whose release ${how} hurts nobody, and all else of the stream is released`, async () => {
      const released: string[] = [];
      const acquire: StreamLimiter['acquire'] = ({ req }) => ({
        ok: true,
        release() {
          released.push(String(req.headers['last-event-id']));
          return release();
        },
      });
      const unhandled: unknown[] = [];
      const note = (reason: unknown) => unhandled.push(reason);
      add(process.on('unhandledRejection', note), (it) => it.off('unhandledRejection', note));
      const up = await upstream((request) => request.begin());
      const proxied = await app({ target: up.url, limits: { acquire } });
      const stays = await visit(proxied.port).opened();
      const leaves = await visit(proxied.port, '/sse', { 'Last-Event-ID': '1' }).opened();
      leaves.leave();
      await until(() => released.length > 0 && up.open() === 1 && proxied.witness.closes.length === 1);
      expect(released).to.deep.equal(['1']);
      expect(unhandled).to.deep.equal([]);
      expect(proxied.proxy.stats()).to.include({ open: 1, upstreamConnections: 1 });
      expect(stays.closed()).to.equal(false);
    });
  }

  it('a response that something else has begun already is broken off', async () => {
    const up = await upstream();
    const before: Parameters<typeof app>[1] = {
      before: (express) =>
        void express.use((_, res, next) => {
          res.write('not a stream\n');
          next();
        }),
    };
    for (const options of [{}, { authorize: () => false }]) {
      const proxied = await app({ target: up.url, ...options }, before);
      const browser = visit(proxied.port);
      await until(() => browser.closed());
      expect(browser.complete()).to.equal(false);
      expect(proxied.proxy.stats()).to.include({ open: 0, opening: 0, opened: 0, refused: 1 });
      expect(proxied.witness.closes).to.deep.equal([]);
    }
    expect(up.requests).to.deep.equal([]);
  });

  it('a response that something else ended meanwhile is left alone', async () => {
    const asked = Promise.withResolvers<boolean>();
    let end: (() => void) | undefined;
    const proxied = await app(
      { target: 'http://127.0.0.1:9/', authorize: () => asked.promise },
      {
        before: (express) =>
          void express.use((_, res, next) => {
            end = () => res.status(503).end('busy');
            next();
          }),
      },
    );
    const browser = visit(proxied.port);
    await until(() => end && proxied.proxy.stats().opening === 1);
    end?.();
    await until(() => browser.complete());
    asked.resolve(false);
    await until(() => proxied.proxy.stats().opening === 0);
    expect(browser.status()).to.equal(503);
    expect(browser.body()).to.equal('busy');
    expect(proxied.witness.refusals).to.deep.equal([]);
  });

  it('reauthorize leaves a stream without a key alone, whatever its limit rules count by [R58]', async () => {
    let asked = 0;
    const {
      app: proxied,
      browser,
      request,
    } = await opened({
      authorize: () => ++asked > 0,
      reauthorizeMs: 20,
      limits: { rules: [{ name: 'user', key: () => 'key', max: 2 }] },
    });
    await until(() => asked >= 4);
    request.send('data: one\n\n');
    expect(await browser.sees('one\n\n')).to.equal('data: one\n\n');
    expect(proxied.witness.opens[0]?.stream.key).to.equal(undefined);
    add(browser, (it) => it.leave());
  });
});
