import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express, { type Request } from 'express';
import { streamLogs } from '../../../examples/upstreams/bff.js';

/** The cookie of a browser that has signed in at the BFF. */
export const session = { cookie: 'session=alice' };

export interface ExampleBff {
  /** A stream with an upstream connection of its own for each browser. */
  dedicated: string;
  /** A stream with one upstream connection for all browsers. */
  shared: string;
  close(): Promise<void>;
}

/** The BFF of examples/upstreams, twice in one server. @param upstream origin of the log service */
export async function exampleBff(upstream: string, token: string): Promise<ExampleBff> {
  const isSignedIn = (req: Request) => req.headers.cookie === session.cookie;
  const resume = { minDelayMs: 20, maxDelayMs: 200 };
  const options = { upstream, token, isSignedIn, resume, warnings: false };
  const routers = [streamLogs({ ...options, share: false }), streamLogs(options)] as const;
  const app = express().use('/dedicated', routers[0]).use('/shared', routers[1]);
  const server: Server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    dedicated: `${url}/dedicated/sse/logs/stream`,
    shared: `${url}/shared/sse/logs/stream`,
    async close() {
      for (const router of routers) await router.close({ graceMs: 0 });
      server.close();
      server.closeAllConnections();
    },
  };
}
