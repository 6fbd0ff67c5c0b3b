import { sseProxy } from '@datashop/sse-proxy';
import type { INestApplication } from '@nestjs/common';

/**
 * Mounts a stream in a Nest application on Express: in `main.ts`, between `NestFactory.create` and `listen`. Guards and
 * interceptors don't run for it; `authorize` decides who may open it.
 *
 * @returns ends the streams; call it before `app.close()`, which waits for open responses
 */
export function mountStream(app: INestApplication, target: string, mayRead: (cookie?: string) => boolean) {
  const stream = sseProxy({ target, authorize: ({ headers }) => mayRead(headers.cookie) });
  app.use('/sse/logs/stream', stream);
  return () => stream.close({ graceMs: 5_000 });
}
