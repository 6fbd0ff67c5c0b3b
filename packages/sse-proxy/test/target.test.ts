import { expect } from 'chai';
import type { SseProxyOptions } from '../src/types.ts';
import { stage } from './support/stage.ts';
import { until } from './support/until.ts';

type Target = NonNullable<SseProxyOptions['target']>;

describe('target', () => {
  const { clean, upstream, app, visit } = stage();
  afterEach(clean);

  /** The upstream's request line when a browser requests `asked` from a route `path`. */
  async function line(target: (origin: string) => Target, path: string, asked: string, rest = {}) {
    const up = await upstream((request) => request.begin());
    const { port } = await app({ target: target(`http://127.0.0.1:${up.port}`), ...rest }, { path });
    await visit(port, asked).opened();
    return up.requests[0]!.line;
  }

  /** What becomes of a request whose target cannot be made. */
  async function refused(target: Target, path = '/sse') {
    const { port, witness } = await app({ target, refuse: 'status' }, { path });
    const browser = await visit(port).opened();
    return { status: browser.status(), error: witness.errors[0]!.error, temporary: witness.refusals[0]!.retryMs };
  }

  it('sends path and query of a string unchanged, without the fragment', async () => {
    expect(await line((origin) => `${origin}/a/b%20c?x=1&y=%20#top`, '/sse', '/sse')).to.equal(
      'GET /a/b%20c?x=1&y=%20 HTTP/1.1',
    );
    expect(await line((origin) => origin, '/sse', '/sse')).to.equal('GET / HTTP/1.1');
    expect(await line((origin) => `${origin}/a/`, '/sse', '/sse')).to.equal('GET /a/ HTTP/1.1');
  });

  it('accepts a URL object', async () => {
    expect(await line((origin) => new URL('/a?x=1', origin), '/sse', '/sse')).to.equal('GET /a?x=1 HTTP/1.1');
  });

  it("fills `:name` segments from the route's parameters, in any order", async () => {
    const target = (origin: string) => `${origin}/w/:run/x:run/:workflow`;
    expect(await line(target, '/sse/:workflow/:run', '/sse/wf%201/r2')).to.equal('GET /w/r2/x:run/wf%201 HTTP/1.1');
  });

  it('calls a target function once per request, and awaits its result', async () => {
    const asked: string[] = [];
    const target = (origin: string) => async (req: { originalUrl: string }) => {
      asked.push(req.originalUrl);
      return new URL(`/tenant?own=1`, origin);
    };
    expect(await line(target, '/sse', '/sse?level=warn', { forwardQuery: ['level'] })).to.equal(
      'GET /tenant?own=1&level=warn HTTP/1.1',
    );
    expect(asked).to.deep.equal(['/sse?level=warn']);
    expect(await line((origin) => () => `${origin}/:as-it-is`, '/sse', '/sse')).to.equal('GET /:as-it-is HTTP/1.1');
  });

  for (const value of ['/relative', 'file:///etc/passwd', 'http://u:p@127.0.0.1/', '', undefined, 5, {}]) {
    it(`refuses for good with 500 if the target function returns ${JSON.stringify(value)}`, async () => {
      const { status, error, temporary } = await refused(() => value as string);
      expect([status, error.code, temporary]).to.deep.equal([500, 'ERR_SSE_OPTION', undefined]);
      expect(error.message).to.match(/^sse-proxy option target: expected an absolute http: or https: URL/);
    });
  }

  it('refuses softly if the target function throws or rejects', async () => {
    for (const target of [
      () => {
        throw new Error('no');
      },
      () => Promise.reject(new Error('no')),
    ]) {
      const { status, error, temporary } = await refused(target);
      expect([status, error.code, error.message]).to.deep.equal([500, 'ERR_SSE_HOOK', 'target failed']);
      expect(temporary).to.be.above(0);
    }
  });

  it('names a `:name` that the route has no parameter for, and sends no upstream request', async () => {
    const up = await upstream();
    const { error } = await refused(`http://127.0.0.1:${up.port}/:workflow`);
    expect(error.code).to.equal('ERR_SSE_INTERNAL');
    expect(error.message).to.include(':workflow');
    expect(up.requests).to.have.length(0);
  });

  it('refuses a wildcard parameter that contains a slash with 400', async () => {
    const up = await upstream();
    const { port } = await app({ target: `http://127.0.0.1:${up.port}/:rest` }, { path: '/sse/*rest' });
    const browser = visit(port, '/sse/a/b');
    await until(() => browser.complete());
    expect(browser.status()).to.equal(400);
    expect(up.requests).to.have.length(0);
  });
});
