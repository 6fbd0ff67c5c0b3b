import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import http2 from 'node:http2';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import express4 from 'express4';
import { type SseProxyHandler, type SseProxyOptions, sseProxy } from '../src/index.ts';
import { type Witness, witness } from './support/app.ts';
import { stage } from './support/stage.ts';
import { until } from './support/until.ts';

describe('without Express', () => {
  const { add, clean, upstream, visit } = stage();
  afterEach(clean);

  async function listen(server: http.Server | http2.Http2Server): Promise<number> {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    add(server, (it) => void it.close());
    if ('closeAllConnections' in server) add(server, (it) => it.closeAllConnections());
    return (server.address() as AddressInfo).port;
  }

  function proxy(options: SseProxyOptions): { handler: SseProxyHandler; seen: Witness } {
    const seen = witness();
    const handler = sseProxy({ resume: false, warnings: false, retryMs: false, observers: [seen], ...options });
    add(handler, (it) => it.close());
    return { handler, seen };
  }

  it('serves a stream in plain node:http, with name as the route [R45]', async () => {
    const up = await upstream((request) => request.begin());
    const { handler, seen } = proxy({
      target: up.url,
      name: 'logs',
      forwardQuery: ['a'],
      forwardHeaders: ['x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto'],
    });
    const port = await listen(http.createServer(handler));
    await visit(port, '/any?a=1&b=2', { Origin: `http://127.0.0.1:${port}` }).opened();
    const request = await up.request();
    expect(request.line).to.equal('GET /logs/stream?a=1 HTTP/1.1');
    expect(request.headers).to.include({
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-host': `127.0.0.1:${port}`,
      'x-forwarded-proto': 'http',
    });
    expect(seen.opens[0]?.stream.route).to.equal('logs');
    expect((await visit(port, '/any', { Origin: 'http://evil.example' }).opened()).status()).to.equal(403);
    expect((await visit(port, '/any', { Accept: 'text/html' }).opened()).status()).to.equal(406);
  });

  it('reads the query from originalUrl where a framework cuts url [R45]', async () => {
    const up = await upstream((request) => request.begin());
    const { handler } = proxy({ target: up.url, forwardQuery: true });
    const mounted: http.RequestListener = (req, res) => {
      Object.assign(req, { originalUrl: req.url, url: '/' });
      handler(req, res);
    };
    await visit(await listen(http.createServer(mounted)), '/sse?a=1&lastEventId=7').opened();
    const request = await up.request();
    expect([request.line, request.headers['last-event-id']]).to.deep.equal(['GET /logs/stream?a=1 HTTP/1.1', '7']);
  });

  it('names what is missing if the target has a :name and the request no params [R45]', async () => {
    const { handler, seen } = proxy({ target: 'http://127.0.0.1:9/:workflow', refuse: 'status' });
    const browser = await visit(await listen(http.createServer(handler)), '/a').opened();
    expect(browser.status()).to.equal(500);
    expect(seen.errors.map(({ error }) => error.message)).to.deep.equal([
      'target uses :workflow, but the request has no params: mount the proxy on a route, or make target a function',
    ]);
  });

  it('compares Origin with :authority on HTTP/2, and forwards it as the host [R45] [R55]', async () => {
    const up = await upstream((request) => request.begin());
    const { handler } = proxy({
      target: up.url,
      forwardHeaders: ['x-forwarded-host', 'x-forwarded-proto', 'user-agent'],
    });
    const port = await listen(http2.createServer(handler as never));
    const session = add(http2.connect(`http://127.0.0.1:${port}`), (it) => it.destroy());
    const get = async (fields: Record<string, string>) => {
      const stream = session.request({ ':path': '/sse', ':authority': 'app.example', ...fields });
      stream.end();
      const [headers] = (await once(stream, 'response')) as [http2.IncomingHttpHeaders];
      return headers[':status'];
    };
    expect(await get({ origin: 'http://app.example' })).to.equal(200);
    expect((await up.request()).headers).to.include({
      'x-forwarded-host': 'app.example',
      'x-forwarded-proto': 'http',
      via: '2.0 sse-proxy',
    });
    expect(await get({ origin: 'http://evil.example' })).to.equal(403);
    expect(await get({ origin: 'https://app.example' })).to.equal(403);
  });

  it('sse-proxy is installed and loaded without Express: only sseRouter requires it', () => {
    const folder = add(mkdtempSync(join(tmpdir(), 'sse-proxy-')), (it) => rmSync(it, { recursive: true }));
    const own = fileURLToPath(new URL('..', import.meta.url));
    const installed = join(folder, 'node_modules/@datashop/sse-proxy');
    mkdirSync(installed, { recursive: true });
    for (const part of ['dist', 'package.json']) cpSync(join(own, part), join(installed, part), { recursive: true });
    symlinkSync(join(own, '../../node_modules/undici'), join(folder, 'node_modules/undici'));
    const use = `
      proxy.sseProxy({ target: 'http://127.0.0.1:9/' });
      try { proxy.sseRouter({ '/a': { target: 'http://127.0.0.1:9/' } }); } catch (error) { console.log(error.message); }`;
    writeFileSync(join(folder, 'use.cjs'), `const proxy = require('@datashop/sse-proxy');${use}`);
    writeFileSync(join(folder, 'use.mjs'), `import * as proxy from '@datashop/sse-proxy';${use}`);
    for (const file of ['use.cjs', 'use.mjs']) {
      const { stdout, stderr } = spawnSync(process.execPath, [join(folder, file)], { encoding: 'utf8' });
      expect(stderr, file).to.equal('');
      expect(stdout, file).to.match(/^sse-proxy option routes: expected Express 4\.18 or newer to be installed/);
    }
  });
});

describe('Express 4', () => {
  const { add, clean, upstream, visit } = stage();
  afterEach(clean);

  it('Express 4 causes no deprecation warning, and its trust proxy decides about Origin and X-Forwarded-* [R45] [R55]', async () => {
    const up = await upstream((request) => request.begin());
    const warnings: string[] = [];
    const deprecated = (error: Error) => void warnings.push(error.message);
    add(process.on('deprecation', deprecated), (it) => it.off('deprecation', deprecated));
    const proxy = sseProxy({
      target: up.url,
      resume: false,
      forwardHeaders: ['x-forwarded-host', 'x-forwarded-proto'],
    });
    add(proxy, (it) => it.close());
    const app = express4();
    app.set('trust proxy', 'loopback');
    app.get('/sse', proxy);
    const server = add(app.listen(0, '127.0.0.1'), (it) => {
      it.closeAllConnections();
      it.close();
    });
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const fields = { Origin: 'https://public.example:8443', 'X-Forwarded-Proto': 'https' };
    const forwarded = { ...fields, 'X-Forwarded-Host': 'public.example:8443, inner' };
    expect((await visit(port, '/sse', forwarded).opened()).status()).to.equal(200);
    expect((await up.request()).headers).to.include({
      'x-forwarded-host': 'public.example:8443',
      'x-forwarded-proto': 'https',
    });
    expect((await visit(port, '/sse', fields).opened()).status()).to.equal(403);
    await until(() => proxy.stats().opening === 0);
    expect(warnings).to.deep.equal([]);
  });
});
