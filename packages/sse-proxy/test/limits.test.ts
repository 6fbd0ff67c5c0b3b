import { expect } from 'chai';
import type { Request } from 'express';
import type { LimitRequest, LimitRule, SseProxyOptions, StreamLimiter } from '../src/types.ts';
import type { RawBrowser } from './support/browser.ts';
import { stage } from './support/stage.ts';
import { until } from './support/until.ts';

const byUser: NonNullable<SseProxyOptions['authorize']> = (req) => ({ key: String(req.headers['x-user']) });

/** What a soft refusal says; fails if the stream is anything else. */
function refusalOf(browser: RawBrowser): { reason: string; code: string; retryMs: number } {
  const event = /^event: sse-proxy:refused\nretry: (\d+)\ndata: ([^\n]+)\n\n$/.exec(browser.body());
  expect(event, browser.wire()).to.not.equal(null);
  const said = JSON.parse(event![2]!);
  expect(said.retryMs).to.equal(Number(event![1]));
  return said;
}

/** One rule that counts by the key of `authorize`. */
const perUser = (bounds: Omit<LimitRule, 'name'>) => ({ rules: [{ name: 'user', ...bounds }] });

describe('limits of the built-in limiter', () => {
  const { clean, upstream, app, visit } = stage();
  afterEach(clean);

  async function served(options: Partial<SseProxyOptions>) {
    const up = await upstream((request) => request.begin());
    const proxied = await app({ target: up.url, retryMs: false, ...options });
    return {
      up,
      ...proxied,
      /** A browser of `user` that has its response: an open stream, or a whole refusal. */
      async come(user = 'a') {
        const { opens, refusals } = proxied.witness;
        const [opened, refused] = [opens.length, refusals.length];
        const browser = visit(proxied.port, '/sse', { 'X-User': user });
        await until(() => opens.length > opened || (refusals.length > refused && browser.complete()));
        return browser.opened();
      },
      async go(browser: RawBrowser) {
        const { open } = proxied.proxy.stats();
        browser.leave();
        await until(() => proxied.proxy.stats().open === open - 1);
      },
    };
  }

  it('total: refuses one more softly, without an upstream request, until a stream ends [input 15]', async () => {
    const { up, come, go, proxy, witness } = await served({ limits: { total: 2 } });
    const first = await come();
    await come();
    const third = await come();
    expect(third.status()).to.equal(200);
    expect(refusalOf(third)).to.include({ reason: 'limit', code: 'ERR_SSE_LIMIT' });
    expect(refusalOf(third).retryMs).to.be.within(5_000, 10_000);
    expect(up.requests).to.have.length(2);
    expect(proxy.stats()).to.include({ open: 2, refused: 1 });
    expect(witness.refusals[0]).to.include({ status: 200, retryMs: refusalOf(third).retryMs });
    await go(first);
    await come();
    expect(proxy.stats()).to.include({ open: 2, opened: 3 });
  });

  it('sends a soft refusal as a whole stream: with the headers of a stream, and an end', async () => {
    const { come } = await served({ limits: { total: 1 } });
    await come();
    const refused = await come();
    expect(refused.headers()).to.include({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'private, no-store, no-cache, no-transform',
      'x-accel-buffering': 'no',
      'x-content-type-options': 'nosniff',
    });
    expect(refused.headers()).to.not.have.property('content-length');
  });

  it('jitters the retry times of browsers that are refused at once', async () => {
    const { come } = await served({ limits: { total: 1 } });
    await come();
    const times = new Set<number>();
    for (let i = 0; i < 20; i++) {
      const browser = await come();
      times.add(refusalOf(browser).retryMs);
    }
    expect(times.size).to.be.above(10);
  });

  it('max: refuses 1,000 streams of one user past its limit, and lets others in [input 15]', async () => {
    const { up, ...app } = await served({ authorize: byUser, limits: perUser({ max: 5 }) });
    const browsers = Array.from({ length: 1_000 }, () => visit(app.port, '/sse', { 'X-User': 'greedy' }));
    await until(() => app.witness.refusals.length === 995 && app.witness.opens.length === 5);
    await until(() => browsers.filter((browser) => browser.complete()).length === 995);
    for (const browser of browsers.filter((browser) => browser.complete())) {
      expect(refusalOf(browser).code).to.equal('ERR_SSE_LIMIT_KEY');
    }
    const modest = await app.come('modest');
    expect(modest.body()).to.equal('');
    expect(app.proxy.stats()).to.include({ open: 6, refused: 995 });
    expect(up.requests).to.have.length(6);
  });

  it('max: lets a user in again when a stream of that user ends, and only then', async () => {
    const { come, go, witness } = await served({ authorize: byUser, limits: perUser({ max: 1 }) });
    const a = await come('a');
    const b = await come('b');
    await go(b);
    expect(refusalOf(await come('a')).code).to.equal('ERR_SSE_LIMIT_KEY');
    await go(a);
    expect((await come('a')).complete()).to.equal(false);
    expect(witness.opens.map(({ stream }) => stream.key)).to.deep.equal(['a', 'b', 'a']);
  });

  it('max: does not apply to a stream without a key', async () => {
    const { come, proxy } = await served({ authorize: () => true, limits: perUser({ max: 1 }) });
    await come();
    await come();
    expect(proxy.stats()).to.include({ open: 2, refused: 0 });
  });

  it('applies all rules at once: per user and per workflow', async () => {
    const up = await upstream((request) => request.begin());
    const { port, witness, proxy } = await app(
      {
        target: up.url,
        retryMs: false,
        authorize: byUser,
        limits: {
          rules: [
            { name: 'user', max: 2 },
            { name: 'workflow', key: (req) => req.params.workflow as string, max: 1 },
          ],
        },
      },
      { path: '/sse/:workflow' },
    );
    const open = async (user: string, workflow: string) => {
      const { opened, refused } = proxy.stats();
      visit(port, `/sse/${workflow}`, { 'X-User': user });
      await until(() => proxy.stats().opened + proxy.stats().refused > opened + refused);
    };
    await open('a', '1');
    await open('b', '1');
    await open('a', '2');
    await open('a', '3');
    await open('b', '3');
    expect(witness.refusals.map(({ error }) => [error.code, error.rule, error.message])).to.deep.equal([
      ['ERR_SSE_LIMIT_KEY', 'workflow', 'limit workflow reached: max'],
      ['ERR_SSE_LIMIT_KEY', 'user', 'limit user reached: max'],
    ]);
    expect(proxy.stats()).to.include({ open: 3, refused: 2 });
  });

  it("passes a rule's key function the request and the key of authorize", async () => {
    const { come, witness } = await served({
      authorize: byUser,
      limits: perUser({
        key: (req, { authorizedKey }) => (authorizedKey === 'free' ? undefined : `${req.method} ${authorizedKey}`),
        max: 1,
      }),
    });
    for (const user of ['free', 'free', 'a', 'a', 'b']) await come(user);
    expect(witness.refusals.map(({ error }) => error.rule)).to.deep.equal(['user']);
  });

  it('upstreams: refuses one more connection than allowed, and allows it once one has closed [R53]', async () => {
    const { up, come, go, proxy, witness } = await served({ limits: { total: 10, upstreams: 1 } });
    const first = await come();
    const second = await come();
    expect(refusalOf(second)).to.include({ reason: 'limit', code: 'ERR_SSE_LIMIT_UPSTREAMS' });
    expect(witness.refusals[0]?.error.rule).to.equal('upstreams');
    await go(first);
    await come();
    expect(up.requests).to.have.length(2);
    expect(proxy.stats()).to.include({ open: 1, opened: 2, refused: 1, upstreamConnections: 1 });
  });

  it('releases the permit and the upstream permit of a request that the upstream refuses', async () => {
    const up = await upstream((request) => request.raw('HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n'));
    const { port, witness } = await app({ target: up.url, limits: { total: 1, upstreams: 1 } });
    for (const _ of [1, 2, 3]) expect((await visit(port).opened()).status()).to.equal(404);
    expect(witness.refusals.map(({ error }) => error.code)).to.deep.equal(Array(3).fill('ERR_SSE_UPSTREAM_REFUSED'));
  });

  it('opensPerMinute: refuses one more until a minute after the first, though none is open', async () => {
    const { come, go, proxy } = await served({ authorize: byUser, limits: perUser({ opensPerMinute: 2 }) });
    await go(await come('a'));
    await go(await come('a'));
    const third = await come('a');
    expect(refusalOf(third)).to.include({ reason: 'limit', code: 'ERR_SSE_LIMIT_RATE' });
    expect(refusalOf(third).retryMs).to.be.within(10_001, 120_000);
    expect((await come('b')).complete()).to.equal(false);
    expect(proxy.stats()).to.include({ opened: 3, refused: 1 });
  });

  const statuses = [
    ['total', { limits: { total: 1 } }, 503, 'ERR_SSE_LIMIT'],
    ['max', { authorize: byUser, limits: perUser({ max: 1 }) }, 429, 'ERR_SSE_LIMIT_KEY'],
    ['opensPerMinute', { authorize: byUser, limits: perUser({ opensPerMinute: 1 }) }, 429, 'ERR_SSE_LIMIT_RATE'],
  ] as const;
  for (const [name, options, status, code] of statuses) {
    it(`${name}: refuses with ${status} and Retry-After in status mode`, async () => {
      const { come, witness } = await served({ ...options, refuse: 'status' });
      await come();
      const browser = await come();
      expect(browser.status()).to.equal(status);
      expect(browser.headers()).to.include({ 'content-type': 'application/problem+json', 'cache-control': 'no-store' });
      expect(JSON.parse(browser.body())).to.include({ status, code });
      const { retryMs } = witness.refusals[0]!;
      expect(browser.headers()['retry-after']).to.equal(String(Math.ceil(retryMs! / 1_000)));
      expect(retryMs).to.be.within(code === 'ERR_SSE_LIMIT_RATE' ? 10_001 : 5_000, 120_000);
    });
  }
});

describe('a StreamLimiter of the user', () => {
  const { clean, upstream, app, visit } = stage();
  afterEach(clean);

  async function served(limits: StreamLimiter, options: Partial<SseProxyOptions> = {}) {
    const up = await upstream((request) => request.begin());
    return { up, ...(await app({ target: up.url, retryMs: false, limits, ...options })) };
  }

  it('a limiter gets request, key and signal; its permit is released exactly once', async () => {
    const asked: LimitRequest[] = [];
    let released = 0;
    const acquire = (request: LimitRequest) => {
      asked.push(request);
      return Promise.resolve({ ok: true as const, release: () => void released++ });
    };
    const { port, proxy } = await served({ acquire }, { authorize: () => ({ key: 'a' }) });
    const browser = await visit(port, '/sse', { 'X-Mine': '1' }).opened();
    expect(asked).to.have.length(1);
    expect(asked[0]!.key).to.equal('a');
    expect(asked[0]!.req.headers['x-mine']).to.equal('1');
    expect(asked[0]!.signal.aborted).to.equal(false);
    expect(released).to.equal(0);
    browser.leave();
    await until(() => released > 0 && proxy.stats().open === 0);
    await proxy.close();
    expect(released).to.equal(1);
    expect(asked[0]!.signal.aborted).to.equal(true);
  });

  for (const [when, place] of [
    ['while authorize runs', 'authorize'],
    ['while the limiter runs', 'acquire'],
  ] as const) {
    it(`releases each permit once if the stream ends ${when} [R42]`, async () => {
      const permits: number[] = [];
      let hasEnded = false;
      const end = (req: Request, at: string) => {
        if (at !== place) return;
        hasEnded = req.res?.emit('close') ?? false;
      };
      const acquire = ({ req }: LimitRequest) => {
        end(req, 'acquire');
        const index = permits.push(0) - 1;
        return { ok: true as const, release: () => void permits[index]!++ };
      };
      const authorize = (req: Request) => {
        end(req, 'authorize');
        return true;
      };
      const { port, proxy } = await served({ acquire }, { authorize });
      const browser = visit(port);
      await until(() => hasEnded && proxy.stats().opening === 0);
      await proxy.close();
      browser.leave();
      expect(permits).to.deep.equal(place === 'acquire' ? [1] : []);
    });
  }

  it('a limiter may return a thenable whose then() returns nothing', async () => {
    let released = 0;
    const permit = { ok: true as const, release: () => void released++ };
    const thenable = {
      // biome-ignore lint/suspicious/noThenProperty: the test is about a thenable
      then(resolve: (value: unknown) => void) {
        resolve(permit);
      },
    };
    const { port, proxy } = await served({ acquire: () => thenable as never });
    const browser = await visit(port).opened();
    browser.leave();
    await until(() => proxy.stats().open === 0);
    expect(released).to.equal(1);
  });

  it('a limiter may be an instance of a class', async () => {
    class Limiter implements StreamLimiter {
      readonly most = 1;
      open = 0;
      acquire() {
        if (this.open >= this.most) return { ok: false, rule: 'total', kind: 'total' } as const;
        this.open++;
        return { ok: true as const, release: () => void this.open-- };
      }
    }
    const { port, witness } = await served(new Limiter());
    await visit(port).opened();
    await visit(port).opened();
    expect(witness.refusals.map(({ error }) => error.code)).to.deep.equal(['ERR_SSE_LIMIT']);
  });

  const retries: [unknown, number, number][] = [
    [60_000, 60_000, 120_000],
    [1, 5_000, 10_000],
    [undefined, 5_000, 10_000],
    [3_600_000, 300_000, 600_000],
    [Number.POSITIVE_INFINITY, 300_000, 600_000],
    [Number.NaN, 5_000, 10_000],
    [-1, 5_000, 10_000],
  ];
  for (const [retryAfterMs, least, most] of retries) {
    it(`the retryAfterMs of a limiter: ${retryAfterMs} is respected within bounds`, async () => {
      const acquire = () => ({
        ok: false as const,
        rule: 'user',
        kind: 'opensPerMinute' as const,
        retryAfterMs: retryAfterMs as number,
      });
      const soft = await served({ acquire });
      const browser = visit(soft.port);
      await until(() => browser.complete());
      expect(refusalOf(browser).retryMs).to.be.within(least, most);
      const hard = await served({ acquire }, { refuse: 'status' });
      const status = await visit(hard.port).opened();
      expect(status.status()).to.equal(429);
      expect(Number(status.headers()['retry-after'])).to.be.within(least / 1_000, most / 1_000);
    });
  }

  it('refuses one request if a limiter returns nonsense', async () => {
    for (const answer of [
      undefined,
      null,
      true,
      {},
      { ok: true },
      { ok: false },
      { ok: false, rule: 'a', kind: 'odd' },
    ]) {
      const { port, witness, up } = await served({ acquire: () => answer as never });
      const browser = visit(port);
      await until(() => browser.complete());
      expect(refusalOf(browser)).to.include({ reason: 'internal', code: 'ERR_SSE_HOOK' });
      expect(witness.errors[0]!.error.message).to.match(/^limits\.acquire must return /);
      expect(up.requests).to.have.length(0);
    }
  });
});
