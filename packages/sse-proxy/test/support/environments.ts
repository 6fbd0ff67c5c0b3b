import 'reflect-metadata';
import { once } from 'node:events';
import http, { type RequestListener } from 'node:http';
import http2 from 'node:http2';
import https from 'node:https';
import net, { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { type Duplex, duplexPair } from 'node:stream';
import tls from 'node:tls';
import middie from '@fastify/middie';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import connect from 'connect';
import express from 'express';
import fastify from 'fastify';
import { createServer as createViteServer } from 'vite';
import { selfSigned } from './certificate.ts';
import { type Visit, type VisitOptions, visitHttp1, visitHttp2 } from './visit.ts';

/** Where the middleware may run. The handler is mounted at `/sse`; in Express at `/:id`. */
export interface Environment {
  readonly name: string;
  /** True if `req.params` exists. */
  readonly hasParams?: true;
  /** True if requests are HTTP/2. */
  readonly isHttp2?: true;
  start(handler: RequestListener): Promise<Running>;
}

export interface Running {
  visit(options?: VisitOptions): Visit;
  /** Connections that the server has open. */
  connections(): number;
  close(): Promise<void>;
}

/** Counts a server's connections and closes what a framework leaves open. */
function watch(server: net.Server): { connections(): number; listen(): Promise<number>; close(): Promise<void> } {
  const sockets = new Set<Duplex>();
  server.on(server instanceof tls.Server ? 'secureConnection' : 'connection', (socket: Duplex) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  return {
    connections: () => sockets.size,
    async listen() {
      if (!server.listening) await once(server.listen(0, '127.0.0.1'), 'listening');
      return (server.address() as AddressInfo).port;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      if (!server.listening) return;
      server.close();
      await once(server, 'close');
    },
  };
}

/** An environment on a TCP port. `undo` closes the framework. */
async function onPort(server: net.Server, dial: (port: number) => Duplex, undo = async () => {}): Promise<Running> {
  const watched = watch(server);
  const port = await watched.listen();
  return {
    visit: (options) => visitHttp1(() => dial(port), options),
    connections: watched.connections,
    async close() {
      await watched.close();
      await undo();
    },
  };
}

async function onHttp2(server: net.Server, url: (port: number) => string): Promise<Running> {
  const watched = watch(server);
  const port = await watched.listen();
  return { ...watched, visit: (options) => visitHttp2(url(port), options) };
}

const dialTcp = (port: number) => net.connect(port, '127.0.0.1');
const dialTls = (port: number) => tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false });

/** `http.Server` over pairs of Duplex streams instead of sockets. */
function onDuplex(handler: RequestListener): Running {
  const server = http.createServer(handler);
  const sides = new Set<Duplex>();
  const dial = () => {
    const [client, side] = duplexPair();
    sides.add(side);
    side.on('close', () => sides.delete(side));
    // A socket reports the peer's close; the other half of a pair doesn't.
    client.on('close', () => side.destroy());
    side.on('close', () => client.destroy());
    server.emit('connection', side);
    return client;
  };
  return {
    visit: (options) => visitHttp1(dial, options),
    connections: () => sides.size,
    async close() {
      for (const side of sides) side.destroy();
    },
  };
}

export const environments: readonly Environment[] = [
  {
    name: 'Express',
    hasParams: true,
    start: (handler) => onPort(http.createServer(express().all('/:id', handler as never)), dialTcp),
  },
  {
    name: 'connect',
    start: (handler) => onPort(http.createServer(connect().use('/sse', handler)), dialTcp),
  },
  {
    name: 'Vite',
    async start(handler) {
      const vite = await createViteServer({
        configFile: false,
        root: tmpdir(),
        cacheDir: `${tmpdir()}/sse-proxy-vite`,
        logLevel: 'silent',
        appType: 'custom',
        optimizeDeps: { noDiscovery: true },
        server: { middlewareMode: true, hmr: false, ws: false, watch: null },
      });
      vite.middlewares.use('/sse', handler);
      return onPort(http.createServer(vite.middlewares), dialTcp, () => vite.close());
    },
  },
  {
    name: 'middie',
    async start(handler) {
      const app = fastify();
      await app.register(middie);
      app.use('/sse', handler);
      await app.ready();
      return onPort(app.server, dialTcp, () => app.close());
    },
  },
  {
    name: 'Nest',
    async start(handler) {
      class App {}
      Module({})(App);
      const app = await NestFactory.create(App, { logger: false });
      app.use('/sse', handler);
      await app.init();
      return onPort(app.getHttpServer(), dialTcp, () => app.close());
    },
  },
  { name: 'node:http', start: (handler) => onPort(http.createServer(handler), dialTcp) },
  { name: 'node:https', start: (handler) => onPort(https.createServer(selfSigned(), handler), dialTls) },
  {
    name: 'HTTP/2',
    isHttp2: true,
    start: (handler) => onHttp2(http2.createServer(handler as never), (port) => `http://127.0.0.1:${port}`),
  },
  {
    name: 'HTTP/2 TLS',
    isHttp2: true,
    start: (handler) =>
      onHttp2(http2.createSecureServer(selfSigned(), handler as never), (port) => `https://127.0.0.1:${port}`),
  },
  { name: 'Duplex', start: async (handler) => onDuplex(handler) },
];
