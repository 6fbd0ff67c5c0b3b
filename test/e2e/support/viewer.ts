import { createLogDocument, type LogDocument, logStreamRouter, SqliteLogStore } from '@datashop/log-stream';
import express, { type RequestHandler } from 'express';
import { bff } from '../../../examples/datashop/src/bff/app.ts';
import { workflows } from '../../../examples/datashop/src/demo.ts';
import { closeServer, listen } from '../../../examples/datashop/src/listen.ts';

/** The BFF with the log viewer in front of a real log service with an empty store, both in this process. */
export interface Viewer {
  url: string;
  /** Oldest first. */
  append(...logs: LogDocument[]): Promise<void>;
  /** Puts a handler in front of the log service; undefined removes it. */
  interfere(handler: RequestHandler | undefined): void;
  close(): Promise<void>;
}

const token = 'of-the-log-service';

/** Each viewer has the port of the one before it, because a browser's caches belong to an origin. */
let lastPort = 0;

/** @param maxLogs number of logs that the log service keeps; left out: its default */
export async function startViewer(maxLogs?: number): Promise<Viewer> {
  const store = new SqliteLogStore({ path: ':memory:', ...(maxLogs && { maxLogs }) });
  const router = logStreamRouter({ store, token });
  let interference: RequestHandler | undefined;
  const service = await listen(
    express()
      .use((req, res, next) => (interference ? interference(req, res, next) : next()))
      .use(router),
    0,
    '127.0.0.1',
  );
  const { app, drain } = bff({ upstream: `http://127.0.0.1:${service.port}`, token });
  // Another process may have taken the port meanwhile.
  const front = await listen(app, lastPort, '127.0.0.1').catch(() => listen(app, 0, '127.0.0.1'));
  lastPort = front.port;
  return {
    url: `http://localhost:${front.port}/`,
    append: async (...logs) => void (await store.append(logs)),
    interfere: (handler) => {
      interference = handler;
    },
    close: async () => {
      await drain(0);
      await router.close();
      for (const { server } of [front, service]) {
        const closed = closeServer(server);
        server.closeAllConnections();
        await closed;
      }
      await store.close();
    },
  };
}

const beginMs = Date.UTC(2026, 0, 15, 12);

/** The nth log of a test, one second after the previous one. The levels rotate. */
export function log(n: number, change: Partial<Parameters<typeof createLogDocument>[0]> = {}): LogDocument {
  return createLogDocument({
    message: `Line ${n}`,
    stageName: n % 2 === 0 ? 'EXTRACT' : 'REPORT',
    logLevel: (['DEBUG', 'INFO', 'WARN', 'ERROR'] as const)[n % 4]!,
    timestamp: beginMs + n * 1_000,
    pipelineID: '0cab03df-ee1f-4683-b53d-87df642d6a14',
    execID: '4021',
    ...workflows.movies,
    ...change,
  });
}

export const logs = (count: number) => Array.from({ length: count }, (_, index) => log(index + 1));
