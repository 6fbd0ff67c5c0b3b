import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createLogDocument, type LogLevel, logStreamRouter, SqliteLogStore } from '@datashop/log-stream';
import express from 'express';
import { bff } from '../../examples/datashop/src/bff/app.ts';

const LEVELS: LogLevel[] = ['DEBUG', 'INFO', 'INFO', 'INFO', 'INFO', 'INFO', 'WARN', 'ERROR'];
const STAGES = ['ETL_EXTRACT', 'ETL_VALIDATION', 'ETL_PROCESSING', 'ETL_REPORT'];
const MESSAGES = [
  (n: number) => `Read ${n} rows of penguins.json`,
  (n: number) => `Rejected row ${n}: "Body Mass (g)" is missing`,
  (n: number) => `Batch ${n} of earthquakes passed 14 checks and goes on to aggregation with all of its columns`,
  (n: number) => `Report ${n} written`,
];

const pick = <T>(values: readonly T[], n: number): T => values[n % values.length]!;

/** Log documents like those of the example's pipeline, all different. */
export function lines(from: number, count: number) {
  return Array.from({ length: count }, (_, index) => {
    const n = from + index;
    return createLogDocument({
      logLevel: pick(LEVELS, n * 7),
      message: pick(MESSAGES, n)(n),
      stageName: pick(STAGES, n),
      ...(n % 5 === 0 && { durationMs: (n * 37) % 9_000 }),
      description: n % 9 === 0 ? 'See the report of this run for all values that were left out.' : '',
      pipelineID: '7d0b4f62-6f0e-4c5e-9d53-0a4f8a1f3c11',
      execID: '4021',
      workspaceID: 'datashop-demo',
      workflowID: 'l5-etl',
    });
  });
}

export interface ViewerPage {
  url: string;
  bff: Server;
  store: SqliteLogStore;
  /** Writes `count` more lines. */
  write(count: number): Promise<void>;
  close(): Promise<void>;
}

/** Starts the BFF with the built page, and a log service whose lines the caller writes. */
export async function startViewerPage(): Promise<ViewerPage> {
  const store = new SqliteLogStore({ path: ':memory:', maxLogs: 300_000 });
  const logs = logStreamRouter({ store, token: 'bench', retryMs: false });
  const upstream = createServer(express().use(logs));
  const page = bff({ upstream: await listen(upstream), token: 'bench' });
  const server = createServer(page.app);
  const url = await listen(server);
  let written = 0;
  return {
    url,
    bff: server,
    store,
    write: async (count) => {
      const from = written;
      written += count;
      await store.append(lines(from, count));
    },
    close: async () => {
      await page.drain(0);
      await logs.close();
      for (const each of [server, upstream]) {
        each.closeAllConnections();
        each.close();
        await once(each, 'close');
      }
      await store.close();
    },
  };
}

async function listen(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
