import 'reflect-metadata';
import { once } from 'node:events';
import http, { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import http2 from 'node:http2';
import https from 'node:https';
import net, { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { fileURLToPath } from 'node:url';
import type { SseProxyHandler } from '@datashop/sse-proxy';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { expect } from 'chai';
import express from 'express';
import { createServer as createViteServer } from 'vite';
import { selfSigned } from '../../../packages/sse-proxy/test/support/certificate.ts';
import { cleaner, until } from '../../../packages/sse-proxy/test/support/until.ts';
import { currentPage, quotedFiles, updatedPage } from '../../../scripts/quote-files.mjs';
import { throughCorporateProxy } from '../src/corporate-proxy.ts';
import { http2Upstream } from '../src/http2-upstream.ts';
import { mutualTls } from '../src/mutual-tls.ts';
import { mountStream } from '../src/nest.ts';
import { redacted } from '../src/redacted.ts';
import { devStream } from '../src/vite-dev-server.ts';
import { workflowStreams } from '../src/workflow-streams.ts';

/** Page → number of files that it shows. */
const pages = { 'docs/recipes.md': 10, 'docs/tracing-and-logs.md': 1 };

describe('recipes', () => {
  const { add, clean } = cleaner();
  afterEach(clean);

  async function listen(server: net.Server): Promise<number> {
    const sockets = new Set<net.Socket>();
    server.on('connection', (socket) => sockets.add(socket));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    add(server, (it) => {
      it.close();
      for (const socket of sockets) socket.destroy();
    });
    return (server.address() as AddressInfo).port;
  }

  /** Serves the stream at `path`; returns its URL there. */
  async function serve(stream: SseProxyHandler, path = '/stream'): Promise<number> {
    const app = express();
    app.get(path, stream);
    add(stream, (it) => it.close());
    return listen(createServer(app));
  }

  /** What a browser has received. */
  function open(port: number, path = '/stream', headers: http.OutgoingHttpHeaders = {}) {
    const browser = { status: 0, text: '' };
    const req = http.get({ host: '127.0.0.1', port, path, headers: { accept: 'text/event-stream', ...headers } });
    req
      .on('error', () => {})
      .on('response', (res) => {
        browser.status = res.statusCode as number;
        res.setEncoding('utf8').on('data', (text) => {
          browser.text += text;
        });
      });
    add(req, (it) => it.destroy());
    return browser;
  }

  const events = (_req: IncomingMessage, res: ServerResponse) =>
    void res.writeHead(200, { 'content-type': 'text/event-stream' }).write('id: 1\ndata: one\n\n');

  it('an upstream that wants a client certificate gets it, and is not read without one', async () => {
    const { key, cert } = selfSigned();
    const clients: boolean[] = [];
    const upstream = https.createServer(
      { key, cert, ca: cert, requestCert: true, rejectUnauthorized: true },
      (req, res) => {
        clients.push((req.socket as TLSSocket).authorized);
        events(req, res);
      },
    );
    upstream.on('tlsClientError', () => {});
    const target = `https://127.0.0.1:${await listen(upstream)}/logs`;
    const browser = open(await serve(mutualTls({ target, ca: cert, cert, key })));
    await until(() => browser.text.includes('data: one'));
    expect(clients).to.deep.equal([true]);
    const stranger = selfSigned();
    const refused = open(await serve(mutualTls({ target, ca: cert, cert: stranger.cert, key: stranger.key })));
    await until(() => refused.text.includes('sse-proxy:refused'));
    expect(clients).to.have.length(1);
  });

  it('streams of an HTTP/2 upstream share one connection, and none waits when it is full', async () => {
    const { key, cert } = selfSigned();
    let sessions = 0;
    let streams = 0;
    const upstream = http2.createSecureServer({ key, cert });
    upstream.on('session', () => sessions++);
    upstream.on('stream', (stream: http2.ServerHttp2Stream) => {
      streams++;
      stream.on('error', () => {}).respond({ ':status': 200, 'content-type': 'text/event-stream' });
      stream.write('id: 1\ndata: one\n\n');
    });
    const port = await serve(http2Upstream(`https://127.0.0.1:${await listen(upstream)}/logs`, cert));
    const first = open(port);
    await until(() => first.text.includes('data: one'));
    const later = Array.from({ length: 4 }, () => open(port));
    await until(() => later.every(({ text }) => text.includes('data: one')));
    expect({ sessions, streams }).to.deep.equal({ sessions: 1, streams: 5 });
    const many = Array.from({ length: 100 }, () => open(port));
    await until(() => many.every(({ text }) => text.includes('data: one')));
    expect(streams).to.equal(105);
  });

  it('a corporate proxy is asked for a connection to the upstream', async () => {
    const upstream = await listen(createServer(events));
    const asked: (string | undefined)[] = [];
    const corporate = createServer();
    corporate.on('connect', (req, socket: net.Socket) => {
      asked.push(req.url);
      const onward = net.connect(upstream, '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
        socket.pipe(onward).pipe(socket);
      });
      socket.on('error', () => onward.destroy());
      onward.on('error', () => socket.destroy());
    });
    corporate.on('request', (req, res) => {
      asked.push(req.url);
      events(req, res);
    });
    const names = ['http_proxy', 'HTTP_PROXY', 'no_proxy', 'NO_PROXY'];
    for (const name of names) {
      const before = process.env[name];
      add(name, () => {
        if (before === undefined) delete process.env[name];
        else process.env[name] = before;
      });
      delete process.env[name];
    }
    process.env.HTTP_PROXY = `http://127.0.0.1:${await listen(corporate)}`;
    const browser = open(await serve(throughCorporateProxy('http://logs.internal.example:8610/logs')));
    await until(() => browser.text.includes('data: one'));
    expect(asked).to.have.length(1);
    expect(asked[0]).to.include('logs.internal.example:8610');
  });

  it('users of a workflow share one upstream connection with the service’s token, and others are refused', async () => {
    const requests: IncomingMessage[] = [];
    const upstream = createServer((req, res) => {
      requests.push(req);
      events(req, res);
    });
    const rights = new Set(['ada/w1', 'grace/w1']);
    const stream = workflowStreams({
      logs: `http://127.0.0.1:${await listen(upstream)}`,
      userOf: (req) => req.get('x-test-user'),
      mayRead: (user, _workspace, workflow) => rights.has(`${user}/${workflow}`),
      token: async () => 'of-the-service',
    });
    const port = await serve(stream, '/sse/workspaces/:workspace/workflows/:workflow/logs');
    const watch = (user: string | undefined, workflow: string) =>
      open(port, `/sse/workspaces/a%20b/workflows/${workflow}/logs`, {
        ...(user && { 'x-test-user': user }),
        cookie: 'session=secret',
        authorization: 'Bearer of-the-browser',
      });
    const [ada, grace, mallory, nobody] = [
      watch('ada', 'w1'),
      watch('grace', 'w1'),
      watch('ada', 'w2'),
      watch(undefined, 'w1'),
    ];
    await until(() => ada.text.includes('one') && grace.text.includes('one') && mallory.status && nobody.status);
    expect([mallory.status, nobody.status]).to.deep.equal([403, 403]);
    // The second browser's join connection has closed, or is one of the two.
    await until(() => stream.stats().upstreamConnections === 1);
    for (const { url, headers } of requests) {
      expect(url).to.equal('/workspace/a%20b/workflow/w1/logs/stream');
      expect(headers.authorization).to.equal('Bearer of-the-service');
      expect(headers.cookie).to.equal(undefined);
    }
  });

  it('secrets are crossed out and DEBUG is left out, in replays too', async () => {
    const upstream = createServer((_req, res) => {
      res.writeHead(200, { 'content-type': 'text/event-stream' });
      res.write('id: 1\ndata: {"level":"INFO","message":"password=hunter2 token=abc"}\n\n');
      res.write('id: 2\ndata: {"level":"DEBUG","message":"noise"}\n\n');
      res.write('id: 3\ndata: {"level":"INFO","message":"done"}\n\n');
    });
    const port = await serve(redacted(`http://127.0.0.1:${await listen(upstream)}/logs`));
    const first = open(port);
    await until(() => first.text.includes('done'));
    const second = open(port);
    await until(() => second.text.includes('done'));
    for (const { text } of [first, second]) {
      expect(text).to.include('password=… token=…');
      expect(text).to.not.match(/hunter2|abc|noise/);
    }
  });

  it('a Nest application serves the stream to whom authorize lets in, and closes with streams open', async () => {
    class App {}
    Module({})(App);
    const app = await NestFactory.create(App, { logger: false });
    const target = `http://127.0.0.1:${await listen(createServer(events))}/logs`;
    const endStreams = mountStream(app, target, (cookie) => cookie === 'session=ada');
    await app.listen(0, '127.0.0.1');
    const { port } = app.getHttpServer().address() as AddressInfo;
    const path = '/sse/logs/stream';
    const ada = open(port, path, { cookie: 'session=ada' });
    const nobody = open(port, path);
    await until(() => ada.text.includes('data: one') && nobody.status === 403);
    const ended = endStreams();
    await until(() => ada.text.includes('"reason":"draining"'));
    await ended;
    await app.close();
  });

  it('Vite’s dev server serves the stream, and ends its upstream connection when it restarts', async () => {
    let connections = 0;
    const upstream = createServer((req, res) => {
      connections++;
      res.once('close', () => connections--);
      events(req, res);
    });
    const target = `http://127.0.0.1:${await listen(upstream)}/logs`;
    const vite = await createViteServer({
      configFile: false,
      root: fileURLToPath(new URL('../src', import.meta.url)),
      cacheDir: join(tmpdir(), 'datashop-recipes-vite'),
      logLevel: 'silent',
      optimizeDeps: { noDiscovery: true },
      server: { port: 0, host: '127.0.0.1', watch: null },
      plugins: [devStream(target)],
    });
    add(vite, (it) => it.close());
    await vite.listen();
    const { port } = vite.httpServer!.address() as AddressInfo;
    const browser = open(port, '/sse/logs/stream');
    await until(() => browser.text.includes('data: one'));
    expect(connections).to.equal(1);
    await vite.restart();
    await until(() => connections === 0);
  });

  for (const [page, count] of Object.entries(pages))
    it(`${page} shows the recipes as they are; \`node scripts/quote-files.mjs\` updates it`, () => {
      const text = currentPage(page);
      expect(quotedFiles(text)).to.have.length(count);
      expect(text).to.equal(updatedPage(text));
    });
});
