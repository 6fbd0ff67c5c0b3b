import { once } from 'node:events';
import { type IncomingMessage, type RequestOptions, request as requestHttp } from 'node:http';
import { createServer, request as requestHttps } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import { trusted } from '../../../test/faults/support/certificates.ts';
import { bff as makeBff } from '../src/bff/app.ts';
import { logsPath, streamPath } from '../src/demo.ts';
import { type Front, front } from './support/front.ts';

const upstream = 'http://127.0.0.1:9';
const token = 'token-of-the-service';

describe('the origin that the BFF serves', () => {
  let bff: Front;
  before(async () => {
    bff = await front(upstream, token);
  });
  after(() => bff?.close());

  /** Sends a path and headers byte for byte, which fetch would normalise. */
  const send = async (path: string, headers: Record<string, string> = {}, options: RequestOptions = {}) => {
    const { hostname, port } = new URL(bff.url);
    const req = requestHttp({ hostname, port, path, headers, agent: false, ...options }).end();
    const [res] = (await once(req, 'response')) as [IncomingMessage];
    return { status: res.statusCode, headers: res.headers, body: await text(res) };
  };
  const post = (path: string, headers: Record<string, string>) => send(path, headers, { method: 'POST' });
  const cookieOf = ({ headers }: { headers: IncomingMessage['headers'] }) => headers['set-cookie']?.[0] ?? '';

  for (const path of [
    '//evil.example/..%2findex.html',
    '//evil.example/%2e%2e/index.html',
    '//evil.example/../index.html',
    '//evil.example/',
    '///index.html',
    '/\\evil.example/..%2findex.html',
    '/%5cevil.example/..%5cindex.html',
    '/%2f%2fevil.example/..%2f..%2findex.html',
    '/./index.html',
    '/a/../index.html',
    '/a/%2e%2e/index.html',
    '/..;/index.html',
    '/%69ndex.html',
    '/index.html%00',
    '/index.html%20',
    '/session//',
    '//session',
    `/${logsPath}`,
    `/x/..%2f${logsPath.slice(1)}`,
    'http://evil.example/index.html',
    'http://evil.example//',
  ]) {
    it(`responds 404 without a session and without a redirect to the path ${path}`, async () => {
      const { status, headers, body } = await send(path);

      expect({ status, location: headers.location, cookie: headers['set-cookie'] }).to.deep.equal({
        status: 404,
        location: undefined,
        cookie: undefined,
      });
      expect(body).to.contain('"status":404').and.not.contain('evil.example');
    });
  }

  for (const [host, status] of [
    ['localhost', 200],
    ['LOCALHOST:3000', 200],
    ['127.0.0.1:8080', 200],
    ['[::1]:3000', 200],
    ['evil.example', 421],
    ['evil.example:3000', 421],
    ['localhost.evil.example', 421],
    ['evil.example.localhost', 421],
    ['localhost.', 421],
    ['127.0.0.1.evil.example', 421],
    ['127.1', 421],
    ['0.0.0.0', 421],
    ['localhost@evil.example', 400],
    ['evil.example#localhost', 400],
    ['localhost:3000:3000', 400],
    ['localhost, evil.example', 400],
    ['\xa0localhost', 400],
  ] as const) {
    it(`responds ${status} to Host: ${host}`, async () => {
      for (const path of ['/', '/session', logsPath, streamPath]) {
        const response = await send(path, { host });
        if (status !== 200) expect(response.status, path).to.equal(status);
        else expect(response.status, path).to.be.oneOf([200, 403]);
        expect(Boolean(cookieOf(response)), path).to.equal(status === 200 && path === '/');
      }
      expect((await send('/healthz', { host })).status).to.equal(200);
    });
  }

  it('responds 400 to a repeated Host header', async () => {
    const socket = connect(Number(new URL(bff.url).port), '127.0.0.1');
    socket.write('GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\nConnection: close\r\n\r\n');

    expect(await text(socket)).to.match(/^HTTP\/1\.1 400 /);
  });

  it('serves the configured hosts only, with their port where one is given', async () => {
    const { app } = makeBff({ upstream, token, hosts: ['Datashop.example', 'other.example:8443'] });
    const server = app.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    for (const [host, status] of [
      ['datashop.example', 200],
      ['datashop.example:9000', 200],
      ['other.example:8443', 200],
      ['other.example', 421],
      ['localhost', 421],
    ] as const) {
      expect((await send('/', { host }, { port })).status, host).to.equal(status);
    }
    server.close();
    expect(() => makeBff({ upstream, token, hosts: ['https://datashop.example'] })).to.throw(
      'hosts: expected names such as datashop.example, got "https://datashop.example"',
    );
  });

  for (const [title, headers, signsIn] of [
    ['a typed address', { 'sec-fetch-site': 'none' }, true],
    ['its own link', { 'sec-fetch-site': 'same-origin' }, true],
    ['a client that is no browser', {}, true],
    ['a link of another site', { 'sec-fetch-site': 'cross-site' }, false],
    ['a link of another host or port of this site', { 'sec-fetch-site': 'same-site' }, false],
    ['a link of another site in an older browser', { referer: 'https://evil.example/page' }, false],
    ['a link of the other scheme in an older browser', { referer: 'https://localhost/' }, false],
  ] as const) {
    it(`${signsIn ? 'signs in' : 'does not sign in'} a new visitor who comes by ${title}`, async () => {
      const response = await send('/', { host: 'localhost', ...headers });

      expect(response.status).to.equal(200);
      expect(cookieOf(response)).to.match(signsIn ? /^datashop\.sid=/ : /^$/);
    });
  }

  it('keeps the session of a user who comes by a link on another site: the cookie is sent, and no new one is set', async () => {
    const visit = await send('/');
    const cookie = cookieOf(visit);
    expect(cookie).to.contain('; HttpOnly').and.contain('; SameSite=Lax').and.contain('; Path=/');
    const sent = cookie.split(';')[0]!;
    const user = (await send('/session', { cookie: sent })).body;
    for (const headers of [{ 'sec-fetch-site': 'cross-site' }, { referer: 'https://evil.example/' }, {}]) {
      const again = await send('/', { cookie: sent, ...(headers as Record<string, string>) });
      expect(cookieOf(again)).to.equal('');
    }

    expect((await send('/session', { cookie: sent })).body).to.equal(user);
  });

  for (const [title, origin, status] of [
    ['this origin', 'http://localhost:3000', 200],
    ['the other scheme', 'https://localhost:3000', 403],
    ['another port', 'http://localhost:3001', 403],
    ['another name of this machine', 'http://127.0.0.1:3000', 403],
    ['a name that begins alike', 'http://localhost:30000', 403],
    ['null', 'null', 403],
    ['no URL', 'localhost:3000', 403],
  ] as const) {
    for (const path of ['/session/sign-in', '/session/sign-out']) {
      it(`responds ${status} to POST ${path} with the Origin of ${title}`, async () => {
        const response = await post(path, { host: 'localhost:3000', origin });

        expect(response.status).to.equal(status);
        if (status === 403) expect(cookieOf(response)).to.equal('');
      });
    }
  }

  it('responds 403 to a POST whose Origin is foreign although Sec-Fetch-Site says same-origin', async () => {
    const headers = { host: 'localhost:3000', origin: 'https://evil.example', 'sec-fetch-site': 'same-origin' };

    expect((await post('/session/sign-in', headers)).status).to.equal(403);
  });

  it('sets a Secure cookie with the __Host- prefix behind a TLS terminator, and compares Origin with https', async () => {
    const forwarded = { host: 'localhost', 'x-forwarded-proto': 'https' };
    const cookie = cookieOf(await send('/', forwarded));
    const signIn = (origin: string) => post('/session/sign-in', { ...forwarded, origin });

    expect(cookie)
      .to.match(/^__Host-datashop\.sid=/)
      .and.contain('; Secure')
      .and.contain('; Path=/');
    expect(cookie).to.contain('; HttpOnly').and.not.contain('Domain');
    expect((await signIn('https://localhost')).status).to.equal(200);
    expect((await signIn('http://localhost')).status).to.equal(403);
  });

  it('ignores over HTTPS a session that was set over HTTP, and the other way round', async () => {
    const [plain] = cookieOf(await send('/')).split(';');
    const https = { 'x-forwarded-proto': 'https' };
    const [secure] = cookieOf(await send('/', https)).split(';');

    expect((await send('/session', { cookie: plain!, ...https })).body).to.equal('{"user":null,"workflows":[]}');
    expect((await send('/session', { cookie: secure! })).body).to.equal('{"user":null,"workflows":[]}');
    expect((await send('/session', { cookie: secure!, ...https })).body).to.match(/"user":"ada"/);
  });

  it('sets the Secure cookie when the BFF terminates TLS itself', async () => {
    const { app } = makeBff({ upstream, token });
    const server = createServer(trusted, app).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const req = requestHttps({
      port,
      host: '127.0.0.1',
      ca: trusted.cert,
      servername: 'localhost',
      agent: false,
    }).end();
    const [res] = (await once(req, 'response')) as [IncomingMessage];
    res.resume();
    server.close();

    expect(cookieOf(res)).to.match(/^__Host-datashop\.sid=.*; Secure/);
  });
});
