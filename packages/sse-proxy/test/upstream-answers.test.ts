import { expect } from 'chai';
import type { SseProxyErrorCode } from '../src/index.ts';
import { stage } from './support/stage.ts';
import { until } from './support/until.ts';

const sse = 'Content-Type: text/event-stream\r\n';

// Rows of "From upstream" in the list of faults: responses of the upstream before any event.
describe("the upstream's answer", () => {
  const { clean, upstream, app, visit } = stage();
  afterEach(clean);

  /** Everything that a browser gets when the upstream responds with exactly the bytes of `answer`. */
  async function answered(answer: string | Buffer) {
    const up = await upstream((request) => request.raw(answer));
    const proxied = await app({ target: up.url, retryMs: false });
    const browser = visit(proxied.port);
    await until(() => browser.complete() || browser.closed() || browser.status() === 204);
    const { errors, opens, refusals } = proxied.witness;
    return { up, app: proxied, browser, codes: errors.map(({ error }) => error.code), opens, refusals };
  }

  /** Checks for a refusal by status, with nothing of the upstream's in it. */
  async function refusedBy(status: number, code: SseProxyErrorCode, answer: string | Buffer) {
    const { up, app: proxied, browser, codes, refusals } = await answered(answer);
    expect(browser.status()).to.equal(status);
    expect(browser.headers()['content-type']).to.equal('application/problem+json');
    expect(JSON.parse(browser.body())).to.include({ status, code }).and.to.have.keys('title', 'status', 'code');
    expect(browser.wire()).not.to.include('secret');
    expect(codes).to.deep.equal([code]);
    expect(refusals.map((refusal) => refusal.status)).to.deep.equal([status]);
    await until(() => up.open() === 0);
    expect(proxied.proxy.stats()).to.include({ open: 0, opening: 0, refused: 1, upstreamConnections: 0 });
  }

  it('a response without a type is a 502, its body not shown [input 17]', () =>
    refusedBy(502, 'ERR_SSE_UPSTREAM_NOT_SSE', 'HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\ndata: secret words\n\n'));

  it('HTML is a 502, its body not shown [input 17]', () =>
    refusedBy(
      502,
      'ERR_SSE_UPSTREAM_NOT_SSE',
      'HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nX-Request-Id: secret\r\n\r\n<h1>secret',
    ));

  it('a type that only begins like an event stream is a 502 [input 17]', () =>
    refusedBy(
      502,
      'ERR_SSE_UPSTREAM_NOT_SSE',
      'HTTP/1.1 200 OK\r\nContent-Type: text/event-streams\r\n\r\ndata: secret\n\n',
    ));

  it('case and parameters of the response’s type do not count, and the stream passes as UTF-8 [input 18]', async () => {
    const { browser, opens } = await answered(
      Buffer.concat([
        Buffer.from('HTTP/1.1 200 OK\r\nContent-Type: Text/Event-Stream; charset=windows-1252\r\n'),
        Buffer.from('Transfer-Encoding: chunked\r\n\r\n9\r\ndata: \x80\n\n\r\n0\r\n\r\n', 'latin1'),
      ]),
    );
    expect(browser.status()).to.equal(200);
    expect(browser.headers()['content-type']).to.equal('text/event-stream; charset=utf-8');
    expect(browser.body()).to.equal('data: \x80\n\n');
    expect(opens).to.have.length(1);
  });

  it('204 is relayed as it is, without a body [input 19]', async () => {
    const { browser, codes } = await answered('HTTP/1.1 204 No Content\r\nX-Secret: secret\r\n\r\n');
    expect(browser.wire()).to.match(/^HTTP\/1\.1 204 No Content\r\n/);
    expect(browser.body()).to.equal('');
    expect(browser.wire()).not.to.match(/secret|content-type|content-length|transfer-encoding/i);
    expect(codes).to.deep.equal(['ERR_SSE_UPSTREAM_NO_CONTENT']);
  });

  for (const status of [400, 401, 403, 404, 405, 407, 410, 418, 451]) {
    it(`${status} is relayed as its status, with a body of our own [input 19]`, () =>
      refusedBy(
        status,
        'ERR_SSE_UPSTREAM_REFUSED',
        `HTTP/1.1 ${status} No\r\n${sse}WWW-Authenticate: secret\r\nContent-Length: 6\r\n\r\nsecret`,
      ));
  }

  for (const status of [408, 425, 429, 500, 502, 503, 504, 599]) {
    it(`${status} is a soft refusal [input 19]`, async () => {
      const { browser, codes } = await answered(
        `HTTP/1.1 ${status} Later\r\n${sse}X-Request-Id: secret\r\nContent-Length: 6\r\n\r\nsecret`,
      );
      expect(browser.status()).to.equal(200);
      expect(browser.headers()['content-type']).to.equal('text/event-stream; charset=utf-8');
      expect(browser.body()).to.match(/^event: sse-proxy:refused\nretry: \d+\ndata: \{"reason":"upstream",/);
      expect(browser.complete()).to.equal(true);
      expect(browser.wire()).not.to.include('secret');
      expect(codes).to.deep.equal(['ERR_SSE_UPSTREAM_BUSY']);
    });
  }

  for (const status of [201, 202, 203, 205, 206, 299]) {
    it(`${status} is a 502, though it calls itself an event stream [input 19]`, () =>
      refusedBy(
        502,
        'ERR_SSE_UPSTREAM_NOT_SSE',
        `HTTP/1.1 ${status} Odd\r\n${sse}Content-Length: 14\r\n\r\ndata: secret\n\n`,
      ));
  }

  for (const status of [301, 302, 303, 304, 307, 308]) {
    it(`a redirect by ${status} is a 502 and nothing is sent to the new host [input 20]`, async () => {
      const elsewhere = await upstream();
      const location = elsewhere.url.replace('/logs', '/secret');
      await refusedBy(
        502,
        'ERR_SSE_UPSTREAM_REDIRECT',
        `HTTP/1.1 ${status} Moved\r\n${sse}Location: ${location}\r\nContent-Length: 0\r\n\r\n`,
      );
      // Had the redirect been followed, its connection would have come before this one.
      visit(elsewhere.port, '/last');
      expect((await elsewhere.request()).line).to.equal('GET /last HTTP/1.1');
    });
  }

  it('Set-Cookie, Clear-Site-Data, Alt-Svc and Access-Control-* are stripped [input 21]', async () => {
    const { browser } = await answered(
      `HTTP/1.1 200 OK\r\n${sse}Set-Cookie: a=secret\r\nClear-Site-Data: "*"\r\nAlt-Svc: h3=":443"\r\n${'Access-Control-Allow-Origin: *\r\nAccess-Control-Allow-Credentials: true\r\nServer: secret\r\n'}${'Strict-Transport-Security: max-age=1\r\nCache-Control: public\r\nContent-Length: 11\r\n\r\ndata: one\n\n'}`,
    );
    expect(browser.body()).to.equal('data: one\n\n');
    expect(Object.keys(browser.headers()).sort()).to.deep.equal([
      'cache-control',
      'connection',
      'content-type',
      'date',
      'keep-alive',
      'transfer-encoding',
      'x-accel-buffering',
      'x-content-type-options',
    ]);
    expect(browser.headers()['cache-control']).to.equal('private, no-store, no-cache, no-transform');
  });

  it('Content-Length is not forwarded, and a body cut short of it breaks the stream [input 22]', async () => {
    const up = await upstream();
    const proxied = await app({ target: up.url, retryMs: false });
    const browser = visit(proxied.port);
    const request = await up.request();
    request.raw(`HTTP/1.1 200 OK\r\n${sse}Content-Length: 100\r\n\r\ndata: one\n\ndata: tw`);
    await browser.sees('data: one\n\n');
    request.socket.end();
    await until(() => browser.closed());
    expect(browser.headers()).not.to.have.property('content-length');
    expect(browser.complete()).to.equal(false);
    expect(browser.body()).to.equal('data: one\n\n');
    expect(proxied.witness.closes.map((close) => close.reason)).to.deep.equal(['upstream-broken']);
  });

  for (const coding of ['gzip', 'br', 'identity, gzip', 'GZIP']) {
    it(`Content-Encoding ${coding} is a 502 and not decoded [input 23]`, () =>
      refusedBy(
        502,
        'ERR_SSE_UPSTREAM_NOT_SSE',
        `HTTP/1.1 200 OK\r\n${sse}Content-Encoding: ${coding}\r\n\r\ndata: secret\n\n`,
      ));
  }

  it('Content-Encoding identity is no encoding [input 23]', async () => {
    const { browser } = await answered(
      `HTTP/1.1 200 OK\r\n${sse}Content-Encoding: Identity\r\nContent-Length: 11\r\n\r\ndata: one\n\n`,
    );
    expect(browser.body()).to.equal('data: one\n\n');
    expect(browser.headers()).not.to.have.property('content-encoding');
  });

  it('a header of 20 KB is a 502 and counted as an error [input 24]', () =>
    refusedBy(502, 'ERR_SSE_UPSTREAM_PROTOCOL', `HTTP/1.1 200 OK\r\n${sse}X-Long: ${'secret'.repeat(3_400)}\r\n\r\n`));

  for (const [what, garbage] of [
    ['a header line without a colon', 'HTTP/1.1 200 OK\r\nsecret\r\n\r\n'],
    ['binary noise', Buffer.concat([Buffer.from('HTTP/1.1 200 OK\r\n'), Buffer.from([0, 1, 255, 13, 0, 10, 254])])],
    ['two Content-Lengths', `HTTP/1.1 200 OK\r\n${sse}Content-Length: 6\r\nContent-Length: 7\r\n\r\nsecret`],
    ['a status that is none', 'HTTP/1.1 2x0 OK\r\n\r\n'],
    ['no HTTP at all', 'SSH-2.0-secret\r\n'],
  ] as const) {
    it(`${what} instead of HTTP is a 502 and the process lives [input 32]`, () =>
      refusedBy(502, 'ERR_SSE_UPSTREAM_PROTOCOL', garbage));
  }

  it('an unasked-for upgrade is refused and the process lives [input 32]', async () => {
    const { browser } = await answered('HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n');
    expect(browser.body()).to.include('"reason":"upstream"');
  });

  it('garbage where a chunk should begin cuts the stream, and only it [input 32]', async () => {
    const up = await upstream((request) => request.begin());
    const proxied = await app({ target: up.url, retryMs: false });
    const [hit, spared] = [visit(proxied.port), visit(proxied.port, '/sse', { 'Last-Event-ID': 'spared' })];
    await Promise.all([hit.opened(), spared.opened()]);
    for (const request of up.requests) {
      if (request.headers['last-event-id'] === 'spared') continue;
      request.send('data: one\n\n');
      await hit.sees('one\n\n');
      request.raw('not a chunk size\r\n');
    }
    await until(() => hit.closed());
    expect(hit.complete()).to.equal(false);
    expect(hit.body()).to.equal('data: one\n\n');
    for (const request of up.requests) if (!request.closed()) request.send('data: two\n\n');
    expect(await spared.sees('two\n\n')).to.equal('data: two\n\n');
  });
});
