import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express, { type Request, type Response } from 'express';
import { LogStreamError } from '../errors.ts';
import { sendProblem } from '../http/problem.ts';
import { logStreamRouter } from '../log-stream-router.ts';
import type { LogStreamLimits } from '../types.ts';
import { createIndex, type IndexedStore } from './create-index.ts';
import { audit, failure, type Print } from './journal.ts';
import { openMetrics } from './metrics.ts';
import { named, openStore } from './open-store.ts';
import type { Settings } from './settings.ts';

/** Milliseconds in which open responses may finish when the program stops. */
const graceMs = 5_000;
/** Milliseconds of silence after which the kernel probes whether a client is still connected. */
const keepAliveProbeMs = 30_000;

const limits: LogStreamLimits = {
  rules: [
    {
      name: 'workflow',
      key: (_req, { workspaceID, workflowID }) => JSON.stringify([workspaceID, workflowID]),
      max: 10,
    },
    { name: 'user', key: (req) => req.get('x-user-id') || undefined, opensPerMinute: 5, opensPerHour: 100 },
  ],
};

/** A service that listens. */
export interface RunningService {
  /** Ends all streams, lets pages finish, and closes the store. */
  stop(): Promise<void>;
}

/** @throws Error whose message names the variable at fault, if the store or the port can't be opened */
export async function serve(settings: Settings, print: Print): Promise<RunningService> {
  const { port, host, token, stream } = settings;
  const store = await openStore(settings);
  const onError = (error: Error) => print('error', failure(error));
  const metrics = settings.metrics && (await openMetrics(settings.metrics, store));
  const observers = [audit(print), ...(metrics?.observers ?? [])];
  const router = logStreamRouter({ store, token: token ?? false, stream, limits, onError, observers });
  const app = express().disable('x-powered-by').use(router).use(notFound);
  const server = createServer({ keepAlive: true, keepAliveInitialDelay: keepAliveProbeMs }, app);
  let metricsServer: Server | undefined;
  try {
    await named(`PORT ${port}`, () => once(server.listen(port, host), 'listening'));
    metricsServer = await metrics?.listen();
  } catch (error) {
    server.close();
    await store.close();
    throw error;
  }
  const shown = metricsServer && { metrics: `${urlOf(metricsServer)}/metrics` };
  print('listening', {
    url: urlOf(server),
    store: settings.store.kind,
    streams: stream,
    token: token !== undefined,
    ...shown,
  });
  // A database that can't be reached is no reason to end: requests get 503 until it can.
  void store.health().then(({ problem }) => problem && print('error', failure(problem)));
  const stopIndex = buildIndex(settings, store, print);
  return {
    stop: async () => {
      stopIndex?.();
      // The port stays open meanwhile, so that /readyz responds 503 to load balancers.
      await router.close({ graceMs });
      const closed = once(server, 'close');
      server.close();
      const timer = setTimeout(() => server.closeAllConnections(), graceMs);
      await closed;
      clearTimeout(timer);
      metricsServer?.close();
      metricsServer?.closeAllConnections();
      await store.close();
      print('stopped', {});
    },
  };
}

function buildIndex({ store: given }: Settings, store: Partial<IndexedStore>, print: Print): (() => void) | undefined {
  if (given.kind !== 'mongodb' || !given.createIndex || !store.ensureIndexes) return undefined;
  return createIndex(store as IndexedStore, given.collection, print);
}

function urlOf(server: Server): string {
  const { address, port } = server.address() as AddressInfo;
  return `http://${address.includes(':') ? `[${address}]` : address}:${port}`;
}

function notFound(_req: Request, res: Response): void {
  sendProblem(res, new LogStreamError('ERR_LOG_STREAM_NOT_FOUND', 'There is nothing at this path'));
}
