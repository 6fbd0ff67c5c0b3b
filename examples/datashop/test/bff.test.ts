import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { expect } from 'chai';
import { logsPath, streamPath, upstreamLogsPath, workflows } from '../src/demo.ts';
import { type Front, front } from './support/front.ts';
import { type LogService, logService } from './support/log-service.ts';

/** Where the default user's first workflow is. */
const firstLogsPath = upstreamLogsPath(workflows.movies);
const serviceToken = 'token-of-the-service';
const emptyPage = JSON.stringify({ logs: [], nextCursor: null, total: 0 });

describe('the BFF', () => {
  let service: LogService;
  let bff: Front;
  let streams: ServerResponse[];

  let respond: (res: ServerResponse) => void;
  const page = (res: ServerResponse) =>
    void res.writeHead(200, { 'Content-Type': 'application/json', 'Last-Event-ID': 'e-7' }).end(emptyPage);

  beforeEach(async () => {
    streams = [];
    respond = page;
    service = await logService((req, res) => {
      res.setHeader('Set-Cookie', 'of=the-service');
      res.setHeader('X-Served-By', 'node-17.internal');
      if (req.url?.includes('/stream')) {
        res.writeHead(200, { 'Content-Type': 'text/event-stream' }).flushHeaders();
        streams.push(res);
      } else respond(res);
    });
    bff = await front(service.url, serviceToken);
  });
  afterEach(async () => {
    await bff.close();
    await service.close();
  });

  for (const path of [logsPath, streamPath]) {
    it(`responds 403 to ${path} without a session, and sends nothing to the log service`, async () => {
      const answer = await bff.get(path);

      expect(answer.status).to.equal(403);
      expect(answer.headers.get('content-type')).to.match(/^application\/problem\+json/);
      expect(await answer.json()).to.include({ status: 403 });
      expect(service.requests).to.deep.equal([]);
    });

    it(`responds 403 to ${path} with a forged session cookie`, async () => {
      const answer = await bff.get(path, { cookie: 'datashop.sid=s%3Amade.up' });

      expect(answer.status).to.equal(403);
      expect(service.requests).to.deep.equal([]);
    });
  }

  it('requests a page of logs with the service’s token and none of the browser’s credentials', async () => {
    const cookie = await bff.signIn();
    const answer = await bff.get(`${logsPath}?limit=5&search=a%20b`, {
      cookie,
      authorization: 'Bearer of-the-browser',
      'x-forwarded-for': '10.0.0.1',
    });
    const [asked] = service.requests;

    expect(await answer.text()).to.equal(emptyPage);
    expect(answer.headers.get('last-event-id')).to.equal('e-7');
    expect(asked?.url).to.equal(`${firstLogsPath}?limit=5&search=a%20b`);
    expect(asked?.headers).to.include({
      authorization: `Bearer ${serviceToken}`,
      'x-user-id': 'ada',
      host: new URL(service.url).host,
    });
    expect(asked?.headers).to.not.have.any.keys('cookie', 'x-forwarded-for', 'user-agent');
    expect(answer.headers.get('set-cookie') ?? '').to.not.contain('of=the-service');
    expect(answer.headers.has('x-served-by')).to.equal(false);
  });

  it('passes the Retry-After of the log service on to the page', async () => {
    respond = (res) => void res.writeHead(503, { 'Retry-After': '240' }).end();
    const answer = await bff.get(logsPath, { cookie: await bff.signIn() });

    expect(answer.status).to.equal(503);
    expect(answer.headers.get('retry-after')).to.equal('240');
  });

  for (const status of [401, 403]) {
    it(`responds 502 when the log service refuses the service’s token with ${status}: the session is valid [R46]`, async () => {
      respond = (res) => void res.writeHead(status, { 'Content-Type': 'text/plain' }).end('x'.repeat(100_000));
      const cookie = await bff.signIn();
      const answer = await bff.get(logsPath, { cookie });

      expect(answer.status).to.equal(502);
      expect(await answer.json()).to.include({ status: 502, detail: 'The log service refused the request.' });
      respond = page;
      expect((await bff.get(logsPath, { cookie })).status).to.equal(200);
    });
  }

  it('requests the stream with the service’s token, the filters and none of the browser’s credentials', async () => {
    const cookie = await bff.signIn();
    const answer = await bff.get(`${streamPath}?log_level=WARN&search=x&history=3&token=mine&lastEventId=e-7`, {
      cookie,
      authorization: 'Bearer of-the-browser',
    });
    const [asked] = service.requests;

    expect(answer.status).to.equal(200);
    expect(asked?.url).to.equal(`${firstLogsPath}/stream?log_level=WARN&search=x&history=3`);
    expect(asked?.headers).to.include({
      authorization: `Bearer ${serviceToken}`,
      'x-user-id': 'ada',
      'last-event-id': 'e-7',
    });
    expect(asked?.headers).to.not.have.property('cookie');
    expect(answer.headers.get('set-cookie') ?? '').to.not.contain('of=the-service');
    await answer.body?.cancel();
  });

  it('closes its request to the log service when the browser leaves [R40]', async () => {
    const answer = await bff.get(streamPath, { cookie: await bff.signIn() });
    const [stream] = streams;
    const closed = once(stream!, 'close');
    await answer.body?.cancel();
    await closed;
  });

  it('sends neither the service’s token nor its host in any response', async () => {
    const cookie = await bff.signIn();
    const paths = [
      '/',
      '/index.html',
      '/session',
      '/healthz',
      '/readyz',
      '/nothing',
      '/%zz',
      logsPath,
      `${logsPath}?x=%`,
    ];
    for (const path of paths) {
      const answer = await bff.get(path, { cookie });
      const sent = JSON.stringify([...answer.headers]) + (await answer.text());
      expect(sent, path).to.not.contain(serviceToken);
      expect(sent, path).to.not.contain(new URL(service.url).host);
    }
  });

  it('survives odd bytes in paths, queries and headers of every route', async () => {
    const cookie = await bff.signIn();
    const odd = [
      '\xff',
      '\x7f',
      '%',
      '%00',
      '%ff',
      '%0d%0a',
      '[]',
      '{}',
      '|',
      '"',
      '<',
      '#',
      '\\',
      '?',
      '??a',
      'a=%zz',
      '%u0041',
    ];
    const requests = [logsPath, streamPath, '/', '/session', '/readyz', '/assets/x.js'].flatMap((path) =>
      odd.flatMap((bytes) => [
        `GET ${path}?${bytes} HTTP/1.1\r\nHost: localhost\r\nCookie: ${cookie}\r\n`,
        `GET ${path}${bytes} HTTP/1.1\r\nHost: localhost\r\nCookie: ${cookie}\r\n`,
        `GET ${path} HTTP/1.1\r\nHost: localhost\r\nCookie: ${cookie}; x=${bytes}\r\nX-Forwarded-Proto: ${bytes}\r\nOrigin: ${bytes}\r\nReferer: ${bytes}\r\n`,
      ]),
    );
    for (const request of requests) {
      const socket = connect(Number(new URL(bff.url).port), '127.0.0.1');
      socket.on('error', () => {}).write(`${request}Connection: close\r\n\r\n`, 'latin1');
      const [chunk] = (await once(socket, 'data')) as [Buffer];
      expect(chunk.toString('latin1'), request).to.match(/^HTTP\/1\.1 [234]\d\d /);
      expect(chunk.toString('latin1'), request).to.not.contain(serviceToken);
      socket.destroy();
    }

    expect((await bff.get('/readyz')).status).to.equal(200);
  });

  it('sends errors as problem+json without a stack', async () => {
    for (const path of ['/nothing', '/%zz', '/..%2f..%2fpackage.json']) {
      const answer = await bff.get(path);
      expect(answer.headers.get('content-type'), path).to.match(/^application\/problem\+json/);
      expect(await answer.json(), path).to.have.all.keys('type', 'title', 'status', 'detail');
    }
  });

  it('sends its Content-Security-Policy with every response, and no X-Powered-By', async () => {
    for (const path of ['/', '/nothing', logsPath, streamPath, '/healthz']) {
      const { headers } = await bff.get(path);
      expect(headers.get('content-security-policy')?.split(';'), path).to.have.members([
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "connect-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
      ]);
      expect(headers.has('x-powered-by'), path).to.equal(false);
    }
  });

  it('/readyz responds 503 while the BFF drains', async () => {
    expect(await (await bff.get('/readyz')).json()).to.deep.equal({ status: 'ready' });
    await bff.drain();
    const draining = await bff.get('/readyz');
    expect(draining.status).to.equal(503);
    expect(await draining.json()).to.deep.equal({ status: 'draining' });
    expect((await bff.get('/healthz')).status).to.equal(200);
  });

  it('many requests to /readyz probe the log service once', async () => {
    await Promise.all(Array.from({ length: 20 }, () => bff.get('/readyz')));
    expect((await bff.get('/readyz')).status).to.equal(200);
    expect(service.requests.map(({ url }) => url)).to.deep.equal(['/healthz']);
  });

  it('without the log service, the BFF responds 502 to pages, refuses streams softly, and is not ready', async () => {
    const cookie = await bff.signIn();
    await service.close();

    const page = await bff.get(logsPath, { cookie });
    expect(page.status).to.equal(502);
    expect(await page.json()).to.deep.equal({
      type: 'about:blank',
      title: 'Bad Gateway',
      status: 502,
      detail: 'The log service did not answer.',
    });
    const stream = await bff.get(streamPath, { cookie });
    expect(stream.status).to.equal(200);
    expect(await stream.text()).to.match(/event: sse-proxy:refused\n/);
    expect((await bff.get('/readyz')).status).to.equal(503);
    expect((await bff.get('/healthz')).status).to.equal(200);
  });
});
