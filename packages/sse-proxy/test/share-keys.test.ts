import { expect } from 'chai';
import type { SseProxyOptions } from '../src/types.ts';
import { stage } from './support/stage.ts';

interface Visit {
  path?: string;
  headers?: Record<string, string>;
}

describe('keys of shared feeds [R51]', () => {
  const { upstream, app, visit, clean } = stage();
  afterEach(clean);

  /**
   * Opens browsers one after the other; all of them stay. The first event of each upstream request describes that
   * request. Returns what each browser received, and the number of requests.
   */
  async function watch(options: Partial<SseProxyOptions>, visits: Visit[], template = '') {
    const up = await upstream((request) => {
      request.begin();
      request.send(`id: 1\ndata: ${JSON.stringify([request.line, request.headers])} end\n\n`);
    });
    const proxied = await app({ target: `${up.url}${template}`, share: true, ...options }, { path: '/sse{/:name}' });
    const seen: [line: string, headers: Record<string, string>][] = [];
    for (const { path = '/sse', headers = {} } of visits) {
      const body = await visit(proxied.port, path, { 'Last-Event-ID': '0', ...headers }).sees(' end\n\n');
      seen.push(JSON.parse(/data: (.*) end\n/.exec(body)?.[1] ?? ''));
    }
    expect(proxied.proxy.stats().sharedFeeds).to.equal(up.requests.length);
    return { seen, requests: up.requests.length };
  }
  const as = (authorization: string, more: Record<string, string> = {}): Visit => ({
    headers: { Authorization: authorization, ...more },
  });

  it('shares one feed between equal requests with different ids and tracing fields', async () => {
    const { requests } = await watch({}, [
      as('Bearer a', { traceparent: '00-1', tracestate: 'x=1', 'X-Request-Id': 'one' }),
      as('Bearer a', { traceparent: '00-2', tracestate: 'x=2', 'X-Request-Id': 'two' }),
      as('Bearer a', { 'User-Agent': 'another', Cookie: 'session=2' }),
    ]);
    expect(requests).to.equal(1);
  });

  it('gives users with different tokens feeds of their own', async () => {
    const { seen } = await watch({}, [as('Bearer a'), as('Bearer b'), as('Bearer a'), { headers: {} }]);
    expect(seen.map(([, headers]) => headers.authorization)).to.deep.equal([
      'Bearer a',
      'Bearer b',
      'Bearer a',
      undefined,
    ]);
  });

  it('opens another feed for a browser that comes with a new token', async () => {
    const { seen, requests } = await watch({}, [as('Bearer old'), as('Bearer new')]);
    expect(seen.map(([, headers]) => headers.authorization)).to.deep.equal(['Bearer old', 'Bearer new']);
    expect(requests).to.equal(2);
  });

  it('gives browsers with different forwarded cookies feeds of their own, and ignores other cookies', async () => {
    const visits = ['session=a; theme=dark', 'session=b', 'theme=light; session=a'].map((Cookie) => ({
      headers: { Cookie },
    }));
    const { seen, requests } = await watch({ forwardCookies: ['session'] }, visits);
    expect(seen.map(([, headers]) => headers.cookie)).to.deep.equal(['session=a', 'session=b', 'session=a']);
    expect(requests).to.equal(2);
  });

  it('gives browsers with different forwarded queries feeds of their own, and ignores other parameters', async () => {
    const visits = ['level=1', 'level=2', 'level=1&page=9', 'level=1&lastEventId=0'].map((query) => ({
      path: `/sse?${query}`,
    }));
    const { seen, requests } = await watch({ forwardQuery: ['level'] }, visits);
    const queries = seen.map(([line]) => / .*\?(.*) /.exec(line)?.[1]);
    expect(queries).to.deep.equal(['level=1', 'level=2', 'level=1', 'level=1']);
    expect(requests).to.equal(2);
  });

  it('gives browsers with different target paths feeds of their own', async () => {
    const { seen, requests } = await watch({}, [{ path: '/sse/a' }, { path: '/sse/b' }, { path: '/sse/a' }], '/:name');
    expect(seen.map(([line]) => line.split(' ')[1])).to.deep.equal([
      '/logs/stream/a',
      '/logs/stream/b',
      '/logs/stream/a',
    ]);
    expect(requests).to.equal(2);
  });

  it('gives browsers for which target returns different origins feeds of their own', async () => {
    const other = await upstream((request) => {
      request.begin();
      request.send('id: 1\ndata: ["other",{}] end\n\n');
    });
    const ports: string[] = [];
    const up = await upstream((request) => {
      request.begin();
      request.send('id: 1\ndata: ["one",{}] end\n\n');
    });
    const target = (req: { params: { name?: string } }) => (req.params.name === 'other' ? other.url : up.url);
    const proxied = await app({ target: target as never, share: true }, { path: '/sse/:name' });
    for (const name of ['one', 'other', 'one'])
      ports.push(await visit(proxied.port, `/sse/${name}`, { 'Last-Event-ID': '0' }).sees(' end\n\n'));
    expect(ports.map((body) => /"(\w+)"/.exec(body)?.[1])).to.deep.equal(['one', 'other', 'one']);
  });

  it('gives browsers for which upstreamHeaders returns different fields feeds of their own', async () => {
    const upstreamHeaders: SseProxyOptions['upstreamHeaders'] = (req) => ({ 'X-User': String(req.query.user) });
    const visits = ['a', 'b', 'a'].map((user) => ({ path: `/sse?user=${user}` }));
    const { seen, requests } = await watch({ upstreamHeaders }, visits);
    expect(seen.map(([, headers]) => headers['x-user'])).to.deep.equal(['a', 'b', 'a']);
    expect(requests).to.equal(2);
  });

  it('does not confuse the name of one field with the value of another in the key', async () => {
    const upstreamHeaders: SseProxyOptions['upstreamHeaders'] = (req) => JSON.parse(String(req.query.h));
    const visits = [{ a: 'b', c: 'd' }, { a: 'd', c: 'b' }, { a: 'b,c,d' }, { 'a-b': 'c', d: '' }].map((fields) => ({
      path: `/sse?h=${encodeURIComponent(JSON.stringify(fields))}`,
    }));
    expect((await watch({ upstreamHeaders }, visits)).requests).to.equal(4);
  });

  it('shares by share.key across languages, but not across paths and queries [R52]', async () => {
    const options: Partial<SseProxyOptions> = {
      share: { key: (req) => String(req.headers['x-team']) },
      forwardHeaders: ['accept-language'],
      forwardQuery: ['level'],
    };
    const team = (name: string, language: string, path = '/sse/a') => ({
      path,
      headers: { 'X-Team': name, 'Accept-Language': language },
    });
    const { seen, requests } = await watch(
      options,
      [team('x', 'de'), team('x', 'en'), team('y', 'de'), team('x', 'de', '/sse/b'), team('x', 'de', '/sse/a?level=1')],
      '/:name',
    );
    expect(seen.map(([line, headers]) => `${line.split(' ')[1]} ${headers['accept-language']}`)).to.deep.equal([
      '/logs/stream/a de',
      '/logs/stream/a de',
      '/logs/stream/a de',
      '/logs/stream/b de',
      '/logs/stream/a?level=1 de',
    ]);
    expect(requests).to.equal(4);
  });

  for (const bad of ['', 7, undefined]) {
    it(`refuses a browser for which share.key returns ${JSON.stringify(bad)}`, async () => {
      const up = await upstream((request) => request.begin());
      const share = { key: () => bad as string };
      const proxied = await app({ target: up.url, share, forwardHeaders: [], refuse: 'status' });
      const browser = await visit(proxied.port).opened();
      expect(browser.status()).to.equal(500);
      expect(proxied.witness.errors[0]?.error.code).to.equal('ERR_SSE_HOOK');
      expect(up.requests).to.have.length(0);
    });
  }

  it('refuses only the browser for which share.key throws [R45]', async () => {
    const up = await upstream((request) => request.begin());
    const share = {
      key: (req: { query: Record<string, unknown> }) => {
        if (req.query.bad) throw new Error('no key');
        return 'one';
      },
    };
    const proxied = await app({ target: up.url, share: share as never, forwardHeaders: [] });
    expect((await visit(proxied.port, '/sse?bad=1').sees('refused')).includes('ERR_SSE_HOOK')).to.equal(true);
    await visit(proxied.port).sees('retry: 2000\n');
    expect(proxied.proxy.stats()).to.include({ open: 1, sharedFeeds: 1 });
  });
});
