// Names that the code blocks of the docs use without declaring them: what the reader has in place.
import type { EventStream } from '@datashop/sse-client';
import type { SseRouter } from '@datashop/sse-proxy';
import type { Express as App, RequestHandler } from 'express';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';

declare global {
  namespace Express {
    interface Request {
      // biome-ignore lint/suspicious/noExplicitAny: whatever the reader's session has
      session: any;
    }
  }
  const app: App;
  const target: string;
  const token: string;
  const redis: string;
  const registry: Registry;
  const log: Logger;
  const demandOperator: RequestHandler;
  const streams: SseRouter;
  const stream: EventStream;
  const metrics: ReturnType<typeof import('@datashop/sse-metrics').sseMetrics>;
  const logs: EventSource;
  const user: { id: string };
  const from: string;
  const to: string;
  let isReady: boolean;
  const server: import('node:http').Server;
  // biome-ignore lint/suspicious/noExplicitAny: a log store in one block, a function in another
  const store: any;
  // biome-ignore lint/suspicious/noExplicitAny: the reader's own
  const jobs: any, database: any;
  const z: { string(): string; object<Shape>(shape: Shape): (data: string) => Shape };
  const mayRead: (...args: unknown[]) => Promise<boolean>;
  const mayWatch: (...args: unknown[]) => Promise<boolean>;
  const AppModule: new () => object;
  const hasSession: (cookie?: string) => boolean;
  const handle: (...args: unknown[]) => void;
}
