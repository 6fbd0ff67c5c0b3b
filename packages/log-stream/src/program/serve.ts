import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import express, { type Request, type Response } from 'express';
import { LogStreamError } from '../errors.ts';
import { sendProblem } from '../http/problem.ts';
import { logStreamRouter } from '../log-stream-router.ts';
import type { LogStreamLimits } from '../types.ts';
import { createIndex, type IndexedStore } from './create-index.ts';
import { audit, failure, type Print } from './journal.ts';
import { named, openStore } from './open-store.ts';
import type { Settings } from './settings.ts';

/** Milliseconds in which open responses may finish when the program stops. */
const graceMs = 5_000;
/** Milliseconds of silence after which the kernel probes whether a client is still there. */
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
  const router = logStreamRouter({ store, token: token ?? false, stream, limits, onError, observers: [audit(print)] });
  const app = express().disable('x-powered-by').use(router).use(notFound);
  const server = createServer({ keepAlive: true, keepAliveInitialDelay: keepAliveProbeMs }, app);
  try {
    await named(`PORT ${port}`, () => once(server.listen(port, host), 'listening'));
  } catch (error) {
    await store.close();
    throw error;
  }
  const { address, port: listening } = server.address() as AddressInfo;
  const url = `http://${address.includes(':') ? `[${address}]` : address}:${listening}`;
  print('listening', { url, store: settings.store.kind, streams: stream, token: token !== undefined });
  // A database that can't be reached may come back: requests get 503 until then.
  void store.health().then(({ problem }) => problem && print('error', failure(problem)));
  const stopIndex = buildIndex(settings, store, print);
  return {
    stop: async () => {
      stopIndex?.();
      // The port stays open meanwhile, so that /readyz can tell load balancers.
      await router.close({ graceMs });
      const closed = once(server, 'close');
      server.close();
      const timer = setTimeout(() => server.closeAllConnections(), graceMs);
      await closed;
      clearTimeout(timer);
      await store.close();
      print('stopped', {});
    },
  };
}

function buildIndex({ store: given }: Settings, store: Partial<IndexedStore>, print: Print): (() => void) | undefined {
  if (given.kind !== 'mongodb' || !given.createIndex || !store.ensureIndexes) return undefined;
  return createIndex(store as IndexedStore, given.collection, print);
}

function notFound(_req: Request, res: Response): void {
  sendProblem(res, new LogStreamError('ERR_LOG_STREAM_NOT_FOUND', 'There is nothing at this path'));
}
