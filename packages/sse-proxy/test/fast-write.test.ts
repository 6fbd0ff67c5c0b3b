import { once } from 'node:events';
import http2 from 'node:http2';
import https from 'node:https';
import net, { type AddressInfo } from 'node:net';
import tls from 'node:tls';
import { createGunzip, createGzip } from 'node:zlib';
import { expect } from 'chai';
import express, { type Express, type RequestHandler, type Response } from 'express';
import { isOpen, isUnwrapped, socketOf } from '../src/browser/fast-write/eligibility.ts';
import { sseProxy } from '../src/index.ts';
import type { SseEvent } from '../src/types.ts';
import { browseRaw } from './support/browser.ts';
import { selfSigned } from './support/certificate.ts';
import { stage } from './support/stage.ts';
import { until } from './support/until.ts';

const chunk = (body: string) => `${Buffer.byteLength(body).toString(16)}\r\n${body}\r\n`;
const bodyOf = (wire: string) => wire.slice(wire.indexOf('\r\n\r\n') + 4);
const get = (path: string, version = '1.1') => `GET ${path} HTTP/${version}\r\nHost: x\r\n\r\n`;

/** Wraps `res.write` and records what passes. */
function recorder(): { seen: () => string; wrap: (res: Response) => void } {
  const parts: Buffer[] = [];
  return {
    seen: () => Buffer.concat(parts).toString(),
    wrap(res) {
      const write = res.write;
      res.write = function recorded(this: Response, ...args: Parameters<Response['write']>) {
        parts.push(Buffer.from(args[0] as Buffer));
        return write.apply(this, args);
      } as Response['write'];
    },
  };
}

describe('the fast path of writes', () => {
  const { add, clean, upstream, app, visit } = stage();
  afterEach(clean);

  const withMiddleware = (middleware: RequestHandler) => ({ before: (it: Express) => void it.use(middleware) });

  it('the fast path writes the bytes that res.write would: one chunk for all events of one read', async () => {
    const up = await upstream((request) => request.begin());
    const { port } = await app({ target: up.url, heartbeatMs: 20, resume: false });
    const browser = visit(port);
    const request = await up.request();
    await browser.sees('retry: 2000\n');
    request.raw(chunk('id: 1\ndata: one\n\n') + chunk('data: two\n') + chunk('\ndata: thr'));
    await browser.sees('data: two\n\n');
    request.raw(`${chunk('ee\n\n')}0\r\n\r\n`);
    await until(() => browser.complete());
    const [first, ...rest] = bodyOf(browser.wire()).split(chunk('id: 1\ndata: one\n\ndata: two\n\n'));
    // A slow machine may see heartbeats in between.
    expect(first).to.match(/^c\r\nretry: 2000\n\r\n(2\r\n:\n\r\n)*$/);
    expect(rest.join('')).to.match(/^(2\r\n:\n\r\n)*d\r\ndata: three\n\n\r\n0\r\n\r\n$/);
  });

  for (const [name, options] of Object.entries({
    'as they came': {},
    transformed: { transform: (event: SseEvent) => event },
  })) {
    it(`passes all events of one read to the socket in one write (${name})`, async () => {
      const up = await upstream((request) => request.begin());
      let writes = 0;
      const counting: RequestHandler = (_, res, next) => {
        const socket = res.socket as net.Socket;
        const { _write, _writev } = socket as net.Socket & { _writev: net.Socket['_write'] };
        const counted = (write: typeof _write) =>
          function (this: net.Socket, ...args: Parameters<typeof _write>) {
            writes++;
            write.apply(this, args);
          };
        Object.assign(socket, { _write: counted(_write), _writev: counted(_writev) });
        next();
      };
      const { port } = await app({ target: up.url, heartbeatMs: false, ...options }, withMiddleware(counting));
      const browser = visit(port);
      const request = await up.request();
      await browser.sees('retry: 2000\n');
      expect(writes).to.equal(1);
      request.raw(chunk('data: 1\n\n') + chunk('data: 2\n\n') + chunk('data: 3\n\ndata: 4\n\n'));
      await browser.sees('data: 4\n\n');
      expect(writes).to.equal(2);
    });
  }

  it('the fast path also frames heartbeats and the end event', async () => {
    const up = await upstream((request) => request.begin());
    const { port, proxy } = await app({ target: up.url, heartbeatMs: 10 });
    const browser = visit(port);
    await browser.sees(':\n:\n');
    await proxy.close();
    await until(() => browser.closed());
    expect(bodyOf(browser.wire())).to.match(
      /^c\r\nretry: 2000\n\r\n(2\r\n:\n\r\n){2,}[0-9a-f]+\r\n(retry|event): [^\r]*\n\n\r\n0\r\n\r\n$/,
    );
    expect(browser.body()).to.include('event: sse-proxy:end');
  });

  it('the fast path leaves the connection usable for a pipelined request', async () => {
    const up = await upstream((request) => request.begin());
    const { port } = await app(
      { target: up.url, resume: false, retryMs: false, heartbeatMs: false },
      { before: (it) => void it.get('/next', (_, res) => void res.end('next')) },
    );
    const browser = add(browseRaw(port, get('/sse') + get('/next')), (it) => it.leave());
    const request = await up.request();
    request.send('data: one\n\n');
    await browser.sees('one\n\n');
    request.end();
    await until(() => browser.wire().endsWith('next'));
    expect(bodyOf(browser.wire())).to.match(/^b\r\ndata: one\n\n\r\n0\r\n\r\nHTTP\/1\.1 200 OK\r\n/);
  });

  it('the fast path writes nothing after another middleware has ended the response', async () => {
    const up = await upstream((request) => request.begin());
    const held: Response[] = [];
    const { port, proxy } = await app(
      { target: up.url, retryMs: false, heartbeatMs: false },
      withMiddleware((_, res, next) => {
        held.push(res);
        next();
      }),
    );
    const browser = visit(port);
    const request = await up.request();
    request.send('data: one\n\n');
    await browser.sees('one\n\n');
    (held[0] as Response).end();
    const before = browser.wire();
    request.send('data: two\n\n');
    await until(() => proxy.stats().open === 0 && browser.complete());
    expect(browser.wire()).to.equal(`${before}0\r\n\r\n`);
    await until(() => request.closed());
  });

  it('the fast path is not used if res.write is wrapped: the middleware sees every byte', async () => {
    const up = await upstream((request) => request.begin());
    const { seen, wrap } = recorder();
    const { port } = await app(
      { target: up.url },
      withMiddleware((_, res, next) => {
        wrap(res);
        next();
      }),
    );
    const browser = visit(port);
    const request = await up.request();
    request.raw(chunk('id: 1\ndata: one\n\n') + chunk('data: two\n\n'));
    await browser.sees('two\n\n');
    expect(seen()).to.equal('retry: 2000\nid: 1\ndata: one\n\ndata: two\n\n');
    expect(browser.body()).to.equal(seen());
  });

  it('the fast path is not used while res.write is wrapped, and is used again afterwards', async () => {
    const up = await upstream((request) => request.begin());
    const { seen, wrap } = recorder();
    let response: Response | undefined;
    const { port } = await app(
      { target: up.url, retryMs: false, heartbeatMs: false },
      withMiddleware((_, res, next) => {
        response = res;
        next();
      }),
    );
    const browser = visit(port);
    const request = await up.request();
    request.send('data: one\n\n');
    await browser.sees('one\n\n');
    wrap(response as Response);
    request.send('data: two\n\n');
    await browser.sees('two\n\n');
    Reflect.deleteProperty(response as Response, 'write');
    request.send('data: three\n\n');
    expect(await browser.sees('three\n\n')).to.equal('data: one\n\ndata: two\n\ndata: three\n\n');
    expect(seen()).to.equal('data: two\n\n');
  });

  it('the fast path is not used through a middleware that compresses', async () => {
    const up = await upstream((request) => request.begin());
    // What `compression` would do without no-transform.
    const compress: RequestHandler = (_, res, next) => {
      const gzip = createGzip();
      const write = res.write.bind(res) as (bytes: Buffer) => boolean;
      gzip.on('data', (bytes: Buffer) => write(bytes));
      const { writeHead } = res;
      res.writeHead = ((status: number, headers: object) =>
        writeHead.call(res, status, { ...headers, 'Content-Encoding': 'gzip' } as never)) as Response['writeHead'];
      res.write = ((bytes: Buffer) => {
        gzip.write(bytes);
        gzip.flush();
        return true;
      }) as Response['write'];
      next();
    };
    const { port } = await app({ target: up.url }, withMiddleware(compress));
    const browser = visit(port);
    (await up.request()).send('data: one\n\n');
    const plain: Buffer[] = [];
    const gunzip = createGunzip().on('data', (bytes: Buffer) => plain.push(bytes));
    let fed = 0;
    await until(() => {
      const body = browser.body();
      if (body.length > fed) gunzip.write(Buffer.from(body.slice(fed), 'latin1'));
      fed = body.length;
      return Buffer.concat(plain).toString() === 'retry: 2000\ndata: one\n\n';
    });
    expect(browser.headers()['content-encoding']).to.equal('gzip');
  });

  it('the fast path is not used on HTTP/1.0, which has no chunked coding', async () => {
    const up = await upstream((request) => request.begin());
    const { port } = await app({ target: up.url, heartbeatMs: false, resume: false });
    const browser = add(browseRaw(port, get('/sse', '1.0')), (it) => it.leave());
    const request = await up.request();
    request.send('data: one\n\n');
    await browser.sees('one\n\n');
    request.end();
    await until(() => browser.closed());
    expect(bodyOf(browser.wire())).to.equal('retry: 2000\ndata: one\n\n');
    expect(browser.headers()).not.to.have.property('transfer-encoding');
  });

  it('the fast path works over TLS', async () => {
    const up = await upstream((request) => request.begin());
    const proxy = sseProxy({ target: up.url, resume: false, heartbeatMs: false });
    const server = add(https.createServer(selfSigned(), express().get('/sse', proxy)), (it) => {
      it.closeAllConnections();
      it.close();
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { port } = server.address() as AddressInfo;
    const socket = add(tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false }), (it) => it.destroy());
    let wire = '';
    socket.on('data', (data: Buffer) => (wire += data.toString('latin1')));
    socket.write(get('/sse'));
    const request = await up.request();
    request.send('data: one\n\n');
    await until(() => wire.includes('one\n\n'));
    request.end();
    await until(() => wire.endsWith('0\r\n\r\n'));
    expect(bodyOf(wire)).to.equal(`${chunk('retry: 2000\n')}${chunk('data: one\n\n')}0\r\n\r\n`);
  });

  it('the fast path is not used on HTTP/2, with a Content-Length, or on a corked response', async () => {
    const answers: unknown[] = [];
    const server = add(http2.createServer(), (it) => it.close());
    server.on('request', (_, res) => {
      res.writeHead(200, { 'content-type': 'text/event-stream' });
      answers.push(socketOf(res as never));
      res.end();
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { port } = server.address() as AddressInfo;
    const session = add(http2.connect(`http://127.0.0.1:${port}`), (it) => it.close());
    await once(session.request({ ':path': '/' }).resume(), 'end');
    expect(answers).to.deep.equal([undefined]);

    const nothing = () => {};
    const cases: Record<string, { before?: (res: Response) => void; after?: (res: Response) => void; fast: boolean }> =
      {
        '/chunked': { fast: true },
        '/length': { before: (res) => res.set('Content-Length', '3'), fast: false },
        '/corked': { before: (res) => res.cork(), fast: false },
        '/ended': { after: (res) => res.end(), fast: false },
        '/broken': { after: (res) => res.socket?.destroy(), fast: false },
      };
    const looks: Record<string, boolean> = {};
    const { port: plain } = await app(
      { target: 'http://127.0.0.1:1/' },
      withMiddleware(({ path }, res) => {
        const { before = nothing, after = nothing } = cases[path] ?? {};
        before(res);
        res.flushHeaders();
        const socket = socketOf(res);
        after(res);
        looks[path] = socket !== undefined && isUnwrapped(res, socket) && isOpen(res, socket);
        res.destroy();
      }),
    );
    for (const path of Object.keys(cases)) await once(net.connect(plain, '127.0.0.1').end(get(path)).resume(), 'close');
    expect(looks).to.deep.equal(Object.fromEntries(Object.entries(cases).map(([path, { fast }]) => [path, fast])));
  });
});
