import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import express, { type Express } from 'express';
import { sseProxy } from '../../src/index.ts';
import type {
  CloseContext,
  ErrorContext,
  EvictContext,
  GapContext,
  OpenContext,
  RefuseContext,
  ResumeContext,
  SseObserver,
  SseProxyHandler,
  SseProxyOptions,
  UpstreamLostContext,
} from '../../src/types.ts';

/** An observer that records the contexts of its calls. */
export interface Witness extends SseObserver {
  readonly opens: OpenContext[];
  readonly closes: CloseContext[];
  readonly refusals: RefuseContext[];
  readonly losses: UpstreamLostContext[];
  readonly resumes: ResumeContext[];
  readonly gaps: GapContext[];
  readonly evictions: EvictContext[];
  readonly errors: ErrorContext[];
}

export function witness(): Witness {
  const seen = {
    opens: [] as OpenContext[],
    closes: [] as CloseContext[],
    refusals: [] as RefuseContext[],
    losses: [] as UpstreamLostContext[],
    resumes: [] as ResumeContext[],
    gaps: [] as GapContext[],
    evictions: [] as EvictContext[],
    errors: [] as ErrorContext[],
  };
  return {
    ...seen,
    onOpen: (context) => void seen.opens.push(context),
    onClose: (context) => void seen.closes.push(context),
    onRefuse: (context) => void seen.refusals.push(context),
    onUpstreamLost: (context) => void seen.losses.push(context),
    onResume: (context) => void seen.resumes.push(context),
    onGap: (context) => void seen.gaps.push(context),
    onEvict: (context) => void seen.evictions.push(context),
    onError: (context) => void seen.errors.push(context),
  };
}

/** A real Express server with the proxy under test. */
export interface ProxyApp {
  readonly port: number;
  readonly server: http.Server;
  readonly proxy: SseProxyHandler;
  readonly witness: Witness;
  close(): Promise<void>;
}

/** Mounts `sseProxy(options)` with `app.get(path)`; `before` may set up the app first. */
export async function proxyApp(
  options: SseProxyOptions,
  { path = '/sse', before }: { path?: string; before?: (app: Express) => void } = {},
): Promise<ProxyApp> {
  const seen = witness();
  const proxy = sseProxy({ warnings: false, ...options, observers: [seen, ...(options.observers ?? [])] });
  const app = express();
  app.disable('x-powered-by');
  before?.(app);
  app.all(path, proxy);
  const { server, port, close } = await serve(app);
  return {
    port,
    server,
    proxy,
    witness: seen,
    async close() {
      await close();
      // Feeds that linger, or wait for their upstream, would keep the process.
      await proxy.close();
    },
  };
}

/** Listens on a free loopback port. */
export async function serve(
  app: http.RequestListener,
): Promise<{ port: number; server: http.Server; close(): Promise<void> }> {
  const server = http.createServer(app);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    port,
    server,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
