import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import express, { type Express, type RequestHandler } from 'express';
import {
  createLogDocument,
  type LogDocument,
  type LogEntry,
  type LogInput,
  type LogStore,
  type LogStreamOptions,
  type LogStreamRouter,
  logStreamRouter,
  SqliteLogStore,
} from '../../src/index.ts';

/** The default origin of logs. */
export const defaultRun = { pipelineID: 'p-1', execID: '4021', workspaceID: 'ws', workflowID: 'wf' };
export const logsPath = '/wfm/workflow/workspace/ws/workflow/wf/logs';

/** Creates a log that its message identifies. */
export function log(message: string, input: Partial<LogInput> = {}): LogDocument {
  return createLogDocument({ message, stageName: 'STAGE', timestamp: 1758531240000, ...defaultRun, ...input });
}

/** Creates logs with the messages `<prefix>0`, `<prefix>1`, … */
export function logs(count: number, prefix = 'm', input: Partial<LogInput> = {}): LogDocument[] {
  return Array.from({ length: count }, (_, i) => log(`${prefix}${i}`, input));
}

/** The messages of what a store has returned; a gap has none. */
export function messagesOf(entries: readonly LogEntry[]): (string | undefined)[] {
  return entries.map((entry) => entry.log?.message);
}

export interface Service {
  store: LogStore;
  router: LogStreamRouter;
  app: Express;
  url: string;
}

interface Running extends Service {
  readonly server: Server;
}

const running: Running[] = [];

/** Starts a service on a free port, behind the `before` middleware; `stopServices` stops it. */
export async function service(
  options: Partial<LogStreamOptions> = {},
  before: readonly RequestHandler[] = [],
): Promise<Service> {
  const store = options.store ?? new SqliteLogStore({ path: ':memory:' });
  const router = logStreamRouter({
    token: false,
    demoRoute: !options.authorize,
    heartbeatMs: false,
    onError: () => {},
    ...options,
    store,
  });
  const app = express();
  for (const middleware of before) app.use(middleware);
  app.use(router);
  const server = createServer(app).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  running.push({ store, router, app, url, server });
  return { store, router, app, url };
}

export async function stopServices(): Promise<void> {
  for (const it of running.splice(0)) await stop(it);
}

/** Stops one service, and closes its store. */
export async function stopService({ url }: Service): Promise<void> {
  const index = running.findIndex((it) => it.url === url);
  for (const it of running.splice(index, 1)) await stop(it);
}

async function stop({ router, server, store }: Running): Promise<void> {
  server.close();
  await router.close({ graceMs: 0 });
  server.closeAllConnections();
  await store.close();
}

/** Resolves once the condition holds; mocha's timeout ends the wait otherwise. */
export async function eventually(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await nextTurn();
}
