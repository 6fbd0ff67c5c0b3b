import { expect } from 'chai';
import type { Request } from 'express';
import type { SseProxyOptions } from '../src/types.ts';
import { heartbeats, stage } from './support/stage.ts';
import { until } from './support/until.ts';

type Authorize = NonNullable<SseProxyOptions['authorize']>;

describe('reauthorize', () => {
  const { clean, opened, visit } = stage();
  afterEach(clean);

  /** A stream that is reauthorized every 20 ms: `later` is called from the second time on. */
  async function livesUntil(
    later: Authorize,
    options: Partial<SseProxyOptions> = {},
    first: { key: string } | true = true,
  ) {
    let asked = 0;
    const scene = await opened({
      authorize: (req) => (asked++ === 0 ? first : later(req)),
      reauthorizeMs: 20,
      ...options,
    });
    return { ...scene, asked: () => asked };
  }

  it('keeps a stream whose browser is still allowed [R58]', async () => {
    const { browser, request, asked, app } = await livesUntil(() => ({ key: 'a' }), {}, { key: 'a' });
    request.send('data: a\n\n');
    await until(() => asked() >= 4);
    request.send('data: b\n\n');
    expect(await browser.sees('data: b\n\n')).to.equal('data: a\n\ndata: b\n\n');
    expect(app.proxy.stats()).to.include({ open: 1 });
  });

  it('does not call a hook that takes longer than reauthorizeMs twice at once [R58]', async () => {
    const answers: ((yes: boolean) => void)[] = [];
    const { browser } = await livesUntil(() => new Promise((resolve) => answers.push(resolve)), { heartbeatMs: 20 });
    await until(() => answers.length === 1);
    // Heartbeats use the same timer: after several of them, the next call would be due.
    await until(() => heartbeats(browser.body()) >= 5);
    expect(answers).to.have.length(1);
    answers[0]?.(true);
    await until(() => answers.length === 2);
  });

  const ends: [string, Authorize, { key: string } | true, string][] = [
    ['a no', () => false, true, 'ERR_SSE_FORBIDDEN'],
    ['a no that takes its time', async () => false, { key: 'a' }, 'ERR_SSE_FORBIDDEN'],
    ['another key', () => ({ key: 'b' }), { key: 'a' }, 'ERR_SSE_FORBIDDEN'],
    ['a no for the same user', () => ({ key: 'a', allowed: false }), { key: 'a' }, 'ERR_SSE_FORBIDDEN'],
    ['no key any more', () => true, { key: 'a' }, 'ERR_SSE_FORBIDDEN'],
    ['nonsense', () => undefined as unknown as boolean, true, 'ERR_SSE_HOOK'],
    [
      'an exception',
      () => {
        throw new Error('no session store');
      },
      true,
      'ERR_SSE_HOOK',
    ],
    ['a rejection', () => Promise.reject(new Error('no session store')), true, 'ERR_SSE_HOOK'],
    ['no answer at all', () => new Promise(() => {}), true, 'ERR_SSE_HOOK_TIMEOUT'],
  ];
  for (const [name, later, first, code] of ends) {
    it(`ends the stream and its upstream request after ${name} [R58]`, async () => {
      const scene = await livesUntil(later, { hookTimeoutMs: 50 }, first);
      const { browser, request, app } = scene;
      request.send('id: 1\ndata: a\n\n');
      await until(() => browser.complete());
      expect(browser.body()).to.match(
        /^(id: 1\ndata: a\n\n)?event: sse-proxy:end\nretry: (\d+)\ndata: \{"reason":"unauthorized","retryMs":\2\}\n\n$/,
      );
      await until(() => request.closed() && app.witness.closes.length > 0);
      expect(app.witness.closes.map(({ reason, error }) => [reason, error?.code])).to.deep.equal([
        ['unauthorized', code],
      ]);
      expect(app.witness.errors.map(({ error }) => error.code)).to.deep.equal([code]);
      expect(app.proxy.stats()).to.include({ open: 0, upstreamConnections: 0 });
    });
  }

  it('authorizes a browser that reconnects from the start [R58]', async () => {
    let allowed = true;
    const { app, browser } = await opened({ authorize: () => allowed, reauthorizeMs: 20 });
    allowed = false;
    await until(() => browser.complete());
    const again = await visit(app.port).opened();
    expect(again.status()).to.equal(403);
  });

  it('ends only the stream whose key has changed [R58]', async () => {
    const requests = new Set<Request>();
    const { app, browser, upstream, request } = await opened({
      authorize: (req) => {
        requests.add(req);
        return { key: String(req.headers['x-user'] ?? 'first') };
      },
      reauthorizeMs: 20,
    });
    const second = visit(app.port, '/sse', { 'X-User': 'second' });
    (await upstream.request(1)).begin();
    await second.opened();
    expect(app.witness.opens.map(({ stream }) => stream.key)).to.deep.equal(['first', 'second']);
    // A session middleware may change what it keeps in the request while the stream is open.
    [...requests][1]!.headers['x-user'] = 'somebody else';
    await until(() => second.complete());
    request.send('data: a\n\n');
    expect(await browser.sees('data: a\n\n')).to.equal('data: a\n\n');
    expect(app.witness.closes.map(({ reason, stream }) => [reason, stream.key])).to.deep.equal([
      ['unauthorized', 'second'],
    ]);
  });

  it('calls authorize once per stream without reauthorizeMs [R58]', async () => {
    let asked = 0;
    const { browser } = await opened({ authorize: () => ++asked === 1, heartbeatMs: 20, maxDurationMs: 60_000 });
    await until(() => heartbeats(browser.body()) >= 4);
    expect(asked).to.equal(1);
  });
});
