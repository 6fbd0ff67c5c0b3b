import { fileURLToPath } from 'node:url';
import express, { type Express } from 'express';
import { BFF_LOGS } from '../demo.ts';
import { health } from './health.ts';
import { notFound, problems } from './problem.ts';
import { restLogs } from './rest-logs.ts';
import { securityHeaders } from './security.ts';
import { demandSession, demoSignIn, sessions } from './session.ts';
import { streamLogs } from './stream-logs.ts';

const PAGE = fileURLToPath(new URL('../../public/', import.meta.url));

export interface Bff {
  app: Express;
  /** Ends the streams, spread over the grace time. */
  drain(graceMs: number): Promise<void>;
}

export function bff({ upstream, token }: { upstream: string; token: string }): Bff {
  const { router: healthRouter, drain } = health(upstream);
  const stream = streamLogs(upstream, token);
  const app = express().disable('x-powered-by');

  app.use(securityHeaders);
  app.use(healthRouter);
  app.use(sessions());
  app.get('/', demoSignIn);
  app.get(BFF_LOGS, demandSession, restLogs(upstream, token));
  app.use(stream);
  // Revalidated each time: a demo is edited while it runs.
  app.use(express.static(PAGE, { cacheControl: false, setHeaders: (res) => res.set('Cache-Control', 'no-cache') }));
  app.use(notFound);
  app.use(problems);

  return {
    app,
    drain: async (graceMs) => {
      drain();
      await stream.close({ graceMs });
    },
  };
}
