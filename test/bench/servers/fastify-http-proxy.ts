import type { AddressInfo } from 'node:net';
import proxy from '@fastify/http-proxy';
import fastify from 'fastify';
import { backlog, ready, upstream } from './serve.ts';

const app = fastify();
app.register(proxy, { upstream, undici: { bodyTimeout: 0, headersTimeout: 0, connections: null } });
await app.listen({ port: 0, host: '127.0.0.1', backlog });
ready((app.server.address() as AddressInfo).port);
