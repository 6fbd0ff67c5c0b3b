import { expect } from 'chai';
import type { Express } from 'express';
import type { SseProxyOptions } from '../src/types.ts';
import { browseRaw } from './support/browser.ts';
import { stage } from './support/stage.ts';
import { until } from './support/until.ts';

/** The fields of every upstream request; the only ones if the browser sends nothing that is forwarded. */
const own = {
  accept: 'text/event-stream',
  'accept-encoding': 'identity',
  'cache-control': 'no-cache',
  'user-agent': 'datashop-sse-proxy',
  via: '1.1 sse-proxy',
  connection: 'close',
};

describe('headers of the upstream request', () => {
  const { add, clean, upstream, app, visit } = stage();
  afterEach(clean);

  /** The upstream request that a browser with these header fields causes. */
  async function sent(
    options: Partial<SseProxyOptions>,
    fields: Record<string, string | null>,
    mount?: Parameters<typeof app>[1],
  ) {
    const up = await upstream();
    const proxied = await app({ target: up.url, ...options }, mount);
    visit(proxied.port, '/sse', fields);
    const { head, line, headers } = await up.request();
    const { host, ...rest } = headers;
    expect(host).to.equal(`127.0.0.1:${up.port}`);
    return { head, line, headers: rest };
  }

  it('sends exactly these fields for a bare request [R8]', async () => {
    const { headers, line } = await sent({}, {});
    expect(line).to.equal('GET /logs/stream HTTP/1.1');
    expect(headers).to.deep.equal(own);
  });

  it('forwards the default allow-list and nothing else [R8]', async () => {
    const { headers, head } = await sent(
      {},
      {
        Accept: 'text/html;q=0.5, text/event-stream',
        'Accept-Encoding': 'gzip, br',
        'Accept-Language': 'de, en;q=0.5',
        Authorization: 'Bearer token',
        'Cache-Control': 'max-age=0',
        'Content-Type': 'text/plain',
        Cookie: 'session=secret',
        DNT: '1',
        Expect: '100-continue',
        Forwarded: 'for=secret',
        'HTTP2-Settings': 'secret',
        'If-None-Match': '"secret"',
        'Keep-Alive': 'timeout=99',
        Pragma: 'no-cache',
        'Proxy-Authorization': 'Basic secret',
        'Proxy-Connection': 'keep-alive',
        Range: 'bytes=0-1',
        Referer: 'http://secret/',
        TE: 'trailers',
        Trailer: 'secret',
        Traceparent: '00-1-2-01',
        Tracestate: 'a=b',
        'User-Agent': 'secret',
        Via: '1.1 secret',
        'X-Custom': 'secret',
        'X-Forwarded-For': 'secret',
        'X-Forwarded-Host': 'secret',
        'X-Forwarded-Proto': 'secret',
        'X-Real-IP': 'secret',
        'X-Request-Id': 'r1',
      },
    );
    expect(headers).to.deep.equal({
      ...own,
      'accept-language': 'de, en;q=0.5',
      authorization: 'Bearer token',
      traceparent: '00-1-2-01',
      tracestate: 'a=b',
      'x-request-id': 'r1',
    });
    expect(head).to.not.include('secret');
  });

  it('forwardHeaders replaces the default list, whatever its case [R8]', async () => {
    const { headers } = await sent({ forwardHeaders: ['X-Custom'] }, { 'x-cUSTOM': 'one', Authorization: 'Bearer t' });
    expect(headers).to.deep.equal({ ...own, 'x-custom': 'one' });
    expect((await sent({ forwardHeaders: [] }, { Authorization: 'Bearer t' })).headers).to.deep.equal(own);
  });

  it('forwards the bytes of a field unchanged [R8]', async () => {
    const { headers } = await sent({ forwardHeaders: ['x-custom'] }, { 'X-Custom': 'gr\xfc\xdf \xe2\x82\xac\tx' });
    expect(headers['x-custom']).to.equal('gr\xfc\xdf \xe2\x82\xac\tx');
  });

  it('forwards a field that a middleware set or changed, though Connection nominates it [R8] [input 8]', async () => {
    const nominated = 'close, X-Role, x-tenant, x-sent, x-forwarded-for, cookie, x-forwarded-proto';
    const fields = { Connection: nominated, 'X-Tenant': 'forged', 'X-Sent': 'a', Cookie: 'a=forged' };
    const { headers } = await sent(
      {
        forwardHeaders: ['x-role', 'x-tenant', 'x-sent', 'x-forwarded-for', 'x-forwarded-proto'],
        forwardCookies: ['a'],
      },
      fields,
      {
        before: (express) =>
          express.use((req, _, next) => {
            Object.assign(req.headers, { 'x-role': 'viewer', 'x-tenant': 't1', cookie: 'a=ours' });
            next();
          }),
      },
    );
    expect(headers).to.deep.equal({
      ...own,
      'x-role': 'viewer',
      'x-tenant': 't1',
      cookie: 'a=ours',
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-proto': 'http',
    });
  });

  it('drops repeated fields that Connection nominates, in whatever spelling [R8] [input 8]', async () => {
    const { headers } = await sent(
      { forwardHeaders: ['x-user', 'x-once'], forwardCookies: ['a', 'b'] },
      {
        Connection: 'X-USER,\t cookie ,,x-once',
        'X-User': 'a\r\nx-user: b',
        'X-Once': 'c',
        Cookie: 'a=1\r\nCookie: b=2',
      },
    );
    expect(headers).to.deep.equal(own);
  });

  it('refuses the request if a middleware set a field to what is no header value [R45]', async () => {
    for (const value of ['a\r\nX-Evil: 1', '\u0141ukasz']) {
      const up = await upstream();
      const { port, witness } = await app(
        { target: up.url, forwardHeaders: ['x-user'] },
        {
          before: (express) =>
            express.use((req, _, next) => {
              req.headers['x-user'] = value;
              next();
            }),
        },
      );
      const browser = visit(port);
      await until(() => browser.complete());
      const { code, message } = witness.errors[0]!.error;
      expect([code, message]).to.deep.equal([
        'ERR_SSE_INTERNAL',
        'header field x-user, set by an earlier middleware, is not a header value',
      ]);
      expect(up.requests).to.have.length(0);
    }
  });

  it('sends its own User-Agent unless one is forwarded or added [R8]', async () => {
    const fields = { 'User-Agent': 'Mozilla/5.0' };
    expect((await sent({}, fields)).headers['user-agent']).to.equal('datashop-sse-proxy');
    expect((await sent({ forwardHeaders: ['User-Agent'] }, fields)).headers['user-agent']).to.equal('Mozilla/5.0');
    expect((await sent({ forwardHeaders: ['User-Agent'] }, {})).headers['user-agent']).to.equal('datashop-sse-proxy');
    expect((await sent({ upstreamHeaders: { 'user-agent': 'bff/1' } }, fields)).headers['user-agent']).to.equal(
      'bff/1',
    );
  });

  it('sends Last-Event-ID once if forwardHeaders lists it [R16]', async () => {
    const { head } = await sent({ forwardHeaders: ['Last-Event-ID'] }, { 'Last-Event-ID': '7' });
    expect(head.match(/last-event-id: 7/gi)).to.have.length(1);
    expect((await sent({ forwardHeaders: ['Last-Event-ID'] }, {})).head).to.not.match(/last-event-id/i);
  });

  it('does not forward a cookie whose name begins with NBSP [R12]', async () => {
    const cookie = '\xa0__Host-sid=forged;\t__Host-sid=real \t; a=1';
    expect((await sent({ forwardCookies: ['__Host-sid'] }, { Cookie: cookie })).headers.cookie).to.equal(
      '__Host-sid=real',
    );
  });

  it('drops the fields of the browser that Connection nominates, also cookies [R8] [input 8]', async () => {
    const { headers } = await sent(
      { forwardHeaders: ['x-user', 'x-other'], forwardCookies: ['a'] },
      { Connection: 'keep-alive, X-User ,cookie', 'X-User': 'mallory', 'X-Other': 'stays', Cookie: 'a=1' },
    );
    expect(headers).to.deep.equal({ ...own, 'x-other': 'stays' });
  });

  it('sends its own fields and upstreamHeaders though Connection nominates them [R8] [input 8]', async () => {
    const named = ['x-service', 'via', 'accept', 'accept-encoding', 'cache-control', 'host'].join(', ');
    const { headers } = await sent({ upstreamHeaders: { 'X-Service': 'token' } }, { Connection: named });
    expect(headers).to.deep.equal({ ...own, 'x-service': 'token' });
  });

  it('forwards cookies by name, with their exact bytes [R8]', async () => {
    const cookie = 'a=1; session="x=y"; sessionx=2; xsession=3; session; b=\xc3\xa9;c=3; a=4';
    const { headers } = await sent({ forwardCookies: ['session', 'b', 'a'] }, { Cookie: cookie });
    expect(headers).to.deep.equal({ ...own, cookie: 'a=1; session="x=y"; b=\xc3\xa9; a=4' });
  });

  it('does not forward a cookie without a name [R8]', async () => {
    expect((await sent({ forwardCookies: ['session', 'x'] }, { Cookie: 'sessionx; x; y' })).headers).to.deep.equal(own);
    expect((await sent({ forwardCookies: ['session'] }, { Cookie: 'a=session' })).headers).to.deep.equal(own);
  });

  it('upstreamHeaders replace forwarded fields [R8]', async () => {
    const upstreamHeaders = { Authorization: 'Bearer service', 'X-Tenant': 't1' };
    const { headers, head } = await sent({ upstreamHeaders }, { Authorization: 'Bearer user', 'X-Tenant': 't2' });
    expect(head.match(/authorization/gi)).to.have.length(1);
    expect(headers).to.deep.equal({ ...own, authorization: 'Bearer service', 'x-tenant': 't1' });
  });

  it('calls an upstreamHeaders function for each request [R8]', async () => {
    const { headers } = await sent(
      { upstreamHeaders: async (req) => ({ 'x-lang': String(req.headers['accept-language']) }), forwardHeaders: [] },
      { 'Accept-Language': 'fr' },
    );
    expect(headers).to.deep.equal({ ...own, 'x-lang': 'fr' });
  });

  const forwarding = { forwardHeaders: ['x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto'] };
  const claims = { 'X-Forwarded-For': '6.6.6.6', 'X-Forwarded-Host': 'evil.example', 'X-Forwarded-Proto': 'https' };

  it('sends X-Forwarded-* from the connection without trust proxy [R8] [input 14]', async () => {
    const { headers } = await sent(forwarding, { ...claims, Host: 'logs.example:81' });
    expect(headers).to.deep.equal({
      ...own,
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-host': 'logs.example:81',
      'x-forwarded-proto': 'http',
    });
  });

  it('sends X-Forwarded-* as Express trusts them with trust proxy [R8] [input 14]', async () => {
    const { headers } = await sent(
      forwarding,
      { ...claims, 'X-Forwarded-For': '6.6.6.6, 10.0.0.1', 'X-Forwarded-Host': 'app.example' },
      { before: (express) => void express.set('trust proxy', 2) },
    );
    expect(headers).to.deep.equal({
      ...own,
      'x-forwarded-for': '6.6.6.6, 10.0.0.1, 127.0.0.1',
      'x-forwarded-host': 'app.example',
      'x-forwarded-proto': 'https',
    });
  });

  it('drops the addresses beyond the trusted hops from X-Forwarded-For [R8] [input 14]', async () => {
    const { headers } = await sent(
      forwarding,
      { 'X-Forwarded-For': '6.6.6.6, 10.0.0.1' },
      { before: (express) => void express.set('trust proxy', 1) },
    );
    expect(headers['x-forwarded-for']).to.equal('10.0.0.1, 127.0.0.1');
  });

  it('forwards other X-Forwarded-* only from a trusted proxy or a middleware [R8] [input 14]', async () => {
    const names = ['x-forwarded-user', 'x-forwarded-port'];
    const fields = { 'X-Forwarded-User': 'admin', 'X-Forwarded-Port': '1' };
    expect((await sent({ forwardHeaders: names }, fields)).headers).to.deep.equal(own);
    const trusted = { before: (express: Express) => void express.set('trust proxy', 'loopback') };
    const claimed = { ...own, 'x-forwarded-user': 'admin', 'x-forwarded-port': '1' };
    expect((await sent({ forwardHeaders: names }, fields, trusted)).headers).to.deep.equal(claimed);
    const setting = {
      before: (express: Express) =>
        express.use((req, _, next) => {
          req.headers['x-forwarded-user'] = 'viewer';
          next();
        }),
    };
    const { headers } = await sent({ forwardHeaders: names }, fields, setting);
    expect(headers).to.deep.equal({ ...own, 'x-forwarded-user': 'viewer' });
  });

  it('does not forward X-Forwarded-* that forwardHeaders does not list [R8] [input 14]', async () => {
    const { headers } = await sent({}, claims, { before: (express) => void express.set('trust proxy', true) });
    expect(headers).to.deep.equal(own);
  });

  it('does not forward the body of a GET, and serves the stream [R10] [input 10]', async () => {
    const up = await upstream();
    const { port } = await app({ target: up.url, retryMs: false, forwardHeaders: ['content-type'] });
    const request = `GET /sse HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\nsecret body`;
    const browser = add(browseRaw(port, request), (it) => it.leave());
    const asked = await up.request();
    const rest: unknown[] = [];
    asked.socket.on('data', (data) => rest.push(data));
    asked.begin();
    asked.send('data: a\n\n');
    expect(await browser.sees('a\n\n')).to.equal('data: a\n\n');
    expect(asked.headers).to.have.all.keys('host', ...Object.keys(own));
    expect(browser.headers()).to.include({ connection: 'close' });
    browser.leave();
    await until(() => asked.closed());
    expect(rest).to.have.length(0);
  });

  it('responds to HEAD with the headers of a stream, without an upstream request [R10]', async () => {
    const up = await upstream();
    const { port, witness } = await app({ target: up.url, authorize: () => true });
    const head = add(browseRaw(port, 'HEAD /sse HTTP/1.1\r\nHost: a\r\n\r\n'), (it) => it.leave());
    await head.opened();
    expect(head.status()).to.equal(200);
    expect(head.headers()).to.include({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'private, no-store, no-cache, no-transform',
      'x-accel-buffering': 'no',
      'x-content-type-options': 'nosniff',
    });
    // The same connection serves the next request, so nothing followed the header.
    head.socket.write('GET /sse HTTP/1.1\r\nHost: a\r\n\r\n');
    (await up.request()).raw('HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n');
    await until(() => head.wire().includes('\r\n\r\nHTTP/1.1 404 '));
    expect(up.requests).to.have.length(1);
    expect(witness.opens).to.have.length(0);
  });

  it('refuses HEAD like GET, without a body [R10]', async () => {
    const up = await upstream();
    const { port } = await app({ target: up.url, authorize: () => false });
    const head = add(
      browseRaw(port, 'HEAD /sse HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'),
      (it) => void it.leave(),
    );
    await until(() => head.closed());
    expect(head.status()).to.equal(403);
    expect(head.wire().split('\r\n\r\n')[1]).to.equal('');
  });

  for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'QUERY']) {
    it(`responds to ${method} with 405 and Allow, without reading its body [R10] [input 10]`, async () => {
      const up = await upstream();
      const { port, witness } = await app({ target: up.url });
      const request = `${method} /sse HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\nsecret`;
      const browser = add(browseRaw(port, request), (it) => it.leave());
      await until(() => browser.closed());
      expect(browser.status()).to.equal(405);
      expect(browser.headers()).to.include({ allow: 'GET, HEAD', connection: 'close' });
      expect(JSON.parse(browser.body())).to.include({ status: 405, code: 'ERR_SSE_METHOD' });
      expect(witness.refusals.map(({ error }) => error.code)).to.deep.equal(['ERR_SSE_METHOD']);
      expect(up.requests).to.have.length(0);
    });
  }
});
