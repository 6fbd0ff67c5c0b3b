// The Node proxies of docs/why-not.md, each as its own documentation sets it up for one route.
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import fastifyProxy from '@fastify/http-proxy';
import express from 'express';
import expressHttpProxy from 'express-http-proxy';
import fastify from 'fastify';
import { createProxyServer } from 'http-proxy-3';
import { createProxyMiddleware } from 'http-proxy-middleware';
import { sseProxy } from '../../../packages/sse-proxy/src/index.ts';

/** A running proxy. */
export interface Peer {
  readonly port: number;
  close(): Promise<unknown>;
}

async function serve(listener: RequestListener): Promise<Peer> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { port: portOf(server), close: async () => void server.close(() => {}).closeAllConnections() };
}

const portOf = (server: Server) => (server.address() as AddressInfo).port;

/** Name → starts it in front of an upstream. */
export const peers: Record<string, (upstream: string) => Promise<Peer>> = {
  'sse-proxy': async (upstream) => {
    const stream = sseProxy({ target: `${upstream}/stream`, warnings: false });
    const peer = await serve(express().get('/stream', stream));
    return { ...peer, close: () => stream.close({ graceMs: 0 }).then(peer.close) };
  },
  'http-proxy-middleware': (upstream) =>
    serve(express().use(createProxyMiddleware({ target: upstream, changeOrigin: true, logger: silent }))),
  'http-proxy-3': (upstream) => {
    const proxy = createProxyServer({ target: upstream });
    // Without a listener, an error ends the process.
    proxy.on('error', (_error, _req, res) => {
      if ('writeHead' in res && !res.headersSent) res.writeHead(502);
      res.end();
    });
    return serve((req, res) => proxy.web(req, res));
  },
  '@fastify/http-proxy': async (upstream) => {
    const app = fastify({ forceCloseConnections: true });
    app.register(fastifyProxy, { upstream });
    await app.listen({ port: 0, host: '127.0.0.1' });
    return { port: portOf(app.server), close: () => app.close() };
  },
  'express-http-proxy': (upstream) => serve(express().use(expressHttpProxy(upstream, { parseReqBody: false }))),
};

const silent = { info() {}, warn() {}, error() {} };
