import express, { type Express } from 'express';
import { BFF_LOGS, BFF_STREAM } from '../demo.ts';
import { health } from './health.ts';
import { onlyGet } from './only-get.ts';
import { OpenStreams } from './open-streams.ts';
import { page } from './page.ts';
import { notFound, problems } from './problem.ts';
import { restLogs } from './rest-logs.ts';
import { securityHeaders } from './security.ts';
import { demandSession, demoSignIn, sessions } from './session.ts';
import { sessionRoutes } from './session-routes.ts';
import { streamLogs } from './stream-logs.ts';

export interface Bff {
  app: Express;
  /** Ends the streams, spread over the grace time. */
  drain(graceMs: number): Promise<void>;
}

export function bff({ upstream, token }: { upstream: string; token: string }): Bff {
  const { router: healthRouter, drain } = health(upstream);
  const stream = streamLogs(upstream, token);
  const open = new OpenStreams();
  const app = express().disable('x-powered-by');

  app.use(securityHeaders);
  app.use(healthRouter);
  app.use(sessions());
  app.get('/', demoSignIn);
  app.use(sessionRoutes({ onSignOut: open.end }));
  app.all(BFF_LOGS, onlyGet, demandSession, restLogs(upstream, token));
  app.get(BFF_STREAM, open.watch);
  app.use(stream);
  app.use(page());
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
