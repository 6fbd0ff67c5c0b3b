import { expect } from 'chai';
import { Agent } from 'undici';
import { browseRaw } from './support/browser.ts';
import { stage } from './support/stage.ts';
import { until } from './support/until.ts';

const sse = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n';

describe('status and headers', () => {
  const { add, clean, upstream, app, visit, opened } = stage();
  afterEach(clean);

  /** What a browser gets when the upstream responds with exactly the bytes of `answer`. */
  async function answered(answer: string, options: { refuse?: 'status' } = {}) {
    const up = await upstream((request) => request.raw(answer));
    const { port } = await app({ target: up.url, retryMs: false, ...options });
    const browser = visit(port);
    await until(() => browser.complete() || browser.closed() || browser.status() === 204);
    return browser;
  }

  const streamTypes = [
    ...['text/event-stream', 'TEXT/Event-Stream', 'text/event-stream ; charset="x"; boundary=1', 'text/event-stream;'],
    ...[
      'text/html, text/event-stream',
      'text/event-stream, nonsense',
      'text/event-stream, */*',
      ', text/event-stream,',
    ],
    ...['text/event-stream;a="b,text/html"', 'text/html\r\nContent-Type: text/event-stream', '\ttext/event-stream\t'],
  ];
  for (const type of streamTypes) {
    it(`accepts a 200 of type ${JSON.stringify(type)}: essence and last valid value count [R1]`, async () => {
      const browser = await answered(
        `HTTP/1.1 200 OK\r\nContent-Type: ${type}\r\nContent-Length: 9\r\n\r\ndata: a\n\n`,
      );
      expect(browser.status()).to.equal(200);
      expect(browser.body()).to.equal('data: a\n\n');
    });
  }

  const otherTypes = [
    ...[
      'text/event-stream-2',
      'xtext/event-stream',
      'text/plain; x=text/event-stream',
      ',',
      '',
      'text',
      '*/*',
      'a/b/c',
    ],
    ...[
      'text/event-stream, text/html',
      'text/plain;a="b,text/event-stream"',
      'text/event-stream x',
      'text /event-stream',
    ],
    ...['\xa0text/event-stream', 'text/event-stream\r\nContent-Type: text/html'],
  ];
  for (const type of otherTypes) {
    it(`refuses a 200 of type ${JSON.stringify(type)} with 502 [R1] [R4]`, async () => {
      const browser = await answered(
        `HTTP/1.1 200 OK\r\nContent-Type: ${type}\r\nContent-Length: 9\r\n\r\ndata: a\n\n`,
      );
      expect(browser.status()).to.equal(502);
      expect(browser.headers()['content-type']).to.equal('application/problem+json');
      expect(browser.body()).to.not.include('data: a');
    });
  }

  it('relays 204 without body, type or retry time [R2]', async () => {
    const browser = await answered('HTTP/1.1 204 No Content\r\nSet-Cookie: a=1\r\n\r\n');
    expect(browser.wire().split('\r\n')[0]).to.equal('HTTP/1.1 204 No Content');
    expect(browser.headers()).to.have.all.keys('cache-control', 'connection', 'date', 'keep-alive');
    expect(browser.wire().endsWith('\r\n\r\n')).to.equal(true);
  });

  it('ends the response cleanly after a clean end of the upstream [R3]', async () => {
    const { browser, request } = await opened();
    request.send('data: a\n\n');
    request.end();
    await until(() => browser.complete());
    expect(browser.wire().endsWith('\r\n\r\n9\r\ndata: a\n\n\r\n0\r\n\r\n')).to.equal(true);
  });

  const breaks = {
    'an RST': (request: Awaited<ReturnType<typeof opened>>['request']) => request.reset(),
    'a FIN without the last chunk': (request: Awaited<ReturnType<typeof opened>>['request']) => request.socket.end(),
    'a malformed chunk': (request: Awaited<ReturnType<typeof opened>>['request']) => request.raw('nonsense\r\n'),
  };
  for (const [name, hit] of Object.entries(breaks)) {
    it(`destroys the response after ${name} of the upstream, without a byte more [R3]`, async () => {
      const { browser, request, app: proxied } = await opened();
      request.send('data: a\n\ndata: half');
      await browser.sees('data: a\n\n');
      hit(request);
      await until(() => browser.closed());
      expect(browser.complete()).to.equal(false);
      expect(browser.wire().endsWith('\r\n\r\n9\r\ndata: a\n\n\r\n')).to.equal(true);
      expect(proxied.witness.closes.map(({ reason }) => reason)).to.deep.equal(['upstream-broken']);
    });
  }

  for (const status of [400, 401, 403, 404, 500, 502, 503, 504]) {
    it(`never relays an upstream's error body, or labels it text/event-stream (${status}) [R4]`, async () => {
      const error = `HTTP/1.1 ${status} X\r\nContent-Type: text/event-stream\r\nContent-Length: 14\r\n\r\ndata: secret\n\n`;
      const hard = await answered(error, { refuse: 'status' });
      expect(hard.status()).to.equal(status < 500 ? status : 503);
      expect(hard.headers()['content-type']).to.equal('application/problem+json');
      expect(hard.wire()).to.not.include('secret');
      expect((await answered(error)).wire()).to.not.include('secret');
    });
  }

  it('names origin and path of a redirect in the error, never its query or credentials [R5]', async () => {
    const redirects: [location: string | undefined, message: RegExp][] = [
      ['/stream/', /^upstream responded with 307 and Location http:\/\/127\.0\.0\.1:\d+\/stream\/$/],
      ['../v2?token=s3cret#s3cret', /^upstream responded with 307 and Location http:\/\/127\.0\.0\.1:\d+\/v2$/],
      ['//logs.example:81/a b', /^upstream responded with 307 and Location http:\/\/logs\.example:81\/a%20b$/],
      [
        'https://me:s3cret@logs.example/x?s3cret',
        /^upstream responded with 307 and Location https:\/\/logs\.example\/x$/,
      ],
      ['http://s3cret:99999/', /^upstream responded with 307 and a Location that is no URL$/],
      ['javascript:s3cret', /^upstream responded with 307 and a Location of scheme javascript:$/],
      [`/${'x'.repeat(1_000)}`, /^upstream responded with 307 and Location .{1,200}$/],
      [undefined, /^upstream responded with 307 and no Location$/],
    ];
    for (const [location, message] of redirects) {
      const field = location === undefined ? '' : `Location: ${location}\r\n`;
      const up = await upstream((request) => request.raw(`HTTP/1.1 307 X\r\n${field}Content-Length: 0\r\n\r\n`));
      const { port, witness } = await app({ target: up.url });
      await visit(port).opened();
      expect(witness.errors[0]?.error.message).to.match(message).and.not.include('s3cret');
    }
  });

  const noCodings = [
    'none',
    '',
    'utf-8',
    'UTF8',
    'Identity',
    'identity, none',
    'identity\r\nContent-Encoding: identity',
  ];
  for (const coding of noCodings) {
    it(`reads a body of Content-Encoding ${JSON.stringify(coding)} as it is [R13]`, async () => {
      const { body, status } = await answered(
        `${sse}Content-Encoding: ${coding}\r\nContent-Length: 9\r\n\r\ndata: a\n\n`,
      );
      expect([status(), body()]).to.deep.equal([200, 'data: a\n\n']);
    });
  }

  for (const coding of ['gzip', 'br', 'identity, gzip', 'none\r\nContent-Encoding: zstd', 'unheard-of', '\xa0none']) {
    it(`refuses Content-Encoding ${JSON.stringify(coding)} with 502 [R13] [input 23]`, async () => {
      const browser = await answered(`${sse}Content-Encoding: ${coding}\r\nContent-Length: 9\r\n\r\ndata: a\n\n`);
      expect([browser.status(), JSON.parse(browser.body()).code]).to.deep.equal([502, 'ERR_SSE_UPSTREAM_NOT_SSE']);
    });
  }

  for (const status of [300, 301, 302, 303, 304, 307, 308]) {
    it(`neither follows nor relays a redirect (${status}) [R5] [input 20]`, async () => {
      const elsewhere = await upstream((request) => request.begin());
      const browser = await answered(
        `HTTP/1.1 ${status} Moved\r\nLocation: ${elsewhere.url}\r\nContent-Length: 0\r\n\r\n`,
      );
      expect(browser.status()).to.equal(502);
      expect(JSON.parse(browser.body()).code).to.equal('ERR_SSE_UPSTREAM_REDIRECT');
      expect(browser.headers()).to.not.have.property('location');
      expect(browser.wire()).to.not.include(String(elsewhere.port));
      expect(elsewhere.requests).to.have.length(0);
    });
  }

  it("sends status and headers when the upstream's have arrived, before any event [R6]", async () => {
    const { browser } = await opened();
    expect(browser.status()).to.equal(200);
    expect(browser.body()).to.equal('');
    expect(browser.complete()).to.equal(false);
  });

  it('sends exactly these header fields with a stream [R7]', async () => {
    const { browser } = await opened();
    const { date, ...headers } = browser.headers();
    expect(Date.parse(date ?? '')).to.not.be.NaN;
    expect(headers).to.deep.equal({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'private, no-store, no-cache, no-transform',
      'x-accel-buffering': 'no',
      'x-content-type-options': 'nosniff',
      'transfer-encoding': 'chunked',
      connection: 'keep-alive',
      'keep-alive': 'timeout=5',
    });
  });

  it('sends neither Content-Length nor Content-Encoding, even if the upstream does [R7]', async () => {
    const browser = await answered(
      `${sse}Content-Length: 9\r\nContent-Encoding: identity\r\nCache-Control: public\r\n\r\ndata: a\n\n`,
    );
    expect(browser.headers()).to.not.have.any.keys('content-length', 'content-encoding');
    expect(browser.headers()['cache-control']).to.equal('private, no-store, no-cache, no-transform');
    expect(browser.body()).to.equal('data: a\n\n');
  });

  it('leaves connection fields to the server [R7]', async () => {
    const set: string[] = [];
    const up = await upstream((request) => request.begin());
    const { port } = await app(
      { target: up.url },
      {
        before: (express) =>
          express.use((_, res, next) => {
            const { writeHead } = res;
            res.writeHead = function (this: typeof res, ...args: unknown[]) {
              set.push(...Object.keys(args.at(-1) as object), ...res.getHeaderNames());
              return writeHead.apply(this, args as never);
            } as typeof writeHead;
            next();
          }),
      },
    );
    await visit(port).opened();
    expect(set.map((name) => name.toLowerCase())).to.have.members([
      'content-type',
      'cache-control',
      'x-accel-buffering',
      'x-content-type-options',
    ]);
  });

  it('sends an HTTP/1.0 browser the stream unchunked, ended by the connection [R7]', async () => {
    const up = await upstream((request) => request.begin());
    const { port } = await app({ target: up.url, retryMs: false });
    const browser = add(
      browseRaw(port, 'GET /sse HTTP/1.0\r\nAccept: text/event-stream\r\n\r\n'),
      (it) => void it.leave(),
    );
    const request = await up.request();
    request.send('data: a\n\n');
    expect(await browser.sees('a\n\n')).to.equal('data: a\n\n');
    expect(browser.headers()).to.include({ connection: 'close' }).and.not.have.any.keys('transfer-encoding');
    request.end();
    await until(() => browser.closed());
  });

  it("relays only request id and timing of the upstream's header fields [R9] [input 21]", async () => {
    const browser = await answered(
      [
        `${sse}Content-Length: 9`,
        'Set-Cookie: a=1',
        'Set-Cookie2: a=1',
        'Clear-Site-Data: "*"',
        'Alt-Svc: h3=":443"',
        'Access-Control-Allow-Origin: *',
        'Access-Control-Allow-Credentials: true',
        'Strict-Transport-Security: max-age=1',
        'Content-Security-Policy: sandbox',
        'Refresh: 0',
        'Link: </x>; rel=preload',
        'Server: secret',
        'Via: 1.1 secret',
        'X-Powered-By: secret',
        'WWW-Authenticate: Basic',
        'Keep-Alive: timeout=99',
        'Trailer: x',
        'X-Accel-Redirect: /secret',
        'X-Accel-Buffering: yes',
        'X-Request-Id: r1',
        'Server-Timing: db;dur=5',
        'Traceresponse: t1',
        '\r\ndata: a\n\n',
      ].join('\r\n'),
    );
    const { date, ...headers } = browser.headers();
    expect(date).to.be.a('string');
    expect(headers).to.deep.equal({
      'x-request-id': 'r1',
      'server-timing': 'db;dur=5',
      traceresponse: 't1',
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'private, no-store, no-cache, no-transform',
      'x-accel-buffering': 'no',
      'x-content-type-options': 'nosniff',
      'transfer-encoding': 'chunked',
      connection: 'keep-alive',
      'keep-alive': 'timeout=5',
    });
  });

  it("relays no field that the upstream's Connection field nominates [R9]", async () => {
    const fields =
      'Connection: close, X-Request-ID\r\nConnection: server-timing\r\nX-Request-Id: r1\r\nServer-Timing: t\r\n';
    const browser = await answered(`${sse}${fields}Traceresponse: t1\r\nContent-Length: 9\r\n\r\ndata: a\n\n`);
    const { traceresponse, connection } = browser.headers();
    expect({ traceresponse, connection }).to.deep.equal({ traceresponse: 't1', connection: 'keep-alive' });
    expect(browser.headers()).to.not.have.any.keys('x-request-id', 'server-timing');
  });

  it('does not reuse an upstream socket after an aborted stream [R11]', async () => {
    const { app: proxied, browser, request, upstream: up } = await opened();
    expect(request.headers.connection).to.equal('close');
    browser.leave();
    await until(() => request.closed() && up.open() === 0);
    visit(proxied.port);
    expect((await up.request(1)).socket).to.not.equal(request.socket);
  });

  it("does not reuse the socket of a user's dispatcher after an aborted stream, even with one connection [R11]", async () => {
    const dispatcher = add(new Agent({ connections: 1, pipelining: 1 }), (it) => it.destroy());
    const { app: proxied, browser, request, upstream: up } = await opened({ dispatcher });
    request.send('data: a\n\ndata: b');
    await browser.sees('data: a\n\n');
    browser.leave();
    await until(() => request.closed());
    const next = visit(proxied.port);
    const second = await up.request(1);
    expect(second.socket).to.not.equal(request.socket);
    second.begin();
    second.send('data: c\n\n');
    expect(await next.sees('c\n\n')).to.equal('data: c\n\n');
  });
});
