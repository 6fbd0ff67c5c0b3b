import { adminPage } from '@datashop/sse-metrics';
import express, { type Express } from 'express';
import type { Registry } from 'prom-client';
import { adminPath, logsPath, streamPath, volumePath } from '../demo.ts';
import { observe, type StreamLogs } from '../observe.ts';
import { allowedHosts, loopbackHosts } from './allowed-hosts.ts';
import type { Fleet } from './fleet.ts';
import { health } from './health.ts';
import { onlyGet } from './only-get.ts';
import { OpenStreams } from './open-streams.ts';
import { page } from './page.ts';
import { plainPaths } from './plain-paths.ts';
import { notFound, problems } from './problem.ts';
import { restLogs } from './rest-logs.ts';
import { securityHeaders } from './security.ts';
import {
  deferSessionFailure,
  demandOperator,
  demandSession,
  demoSignIn,
  type SessionOptions,
  sessions as withSessions,
} from './session.ts';
import { sessionRoutes } from './session-routes.ts';
import { streamLimits, streamLogs } from './stream-logs.ts';

export interface BffOptions {
  /** Origin of the log service. */
  upstream: string;
  /** Bearer token that the log service expects. */
  token: string;
  /** Longest silence of a stream, in milliseconds. @defaultValue the proxy's */
  heartbeatMs?: number;
  /** Host names that the page is served under, with or without a port. @defaultValue the loopback names */
  hosts?: readonly string[];
  /** Access and audit log of the streams. @defaultValue none */
  logs?: StreamLogs;
  /**
   * Returns what this instance shares with others. `registry` is what `/metrics` serves.
   * @defaultValue nothing is shared
   */
  joinFleet?: (registry: Registry) => Fleet;
  /** Where sessions are kept without a fleet. @defaultValue this process's memory */
  sessions?: SessionOptions;
}

export interface Bff {
  app: Express;
  /** Serves `/metrics` and `/summary`: for a port of its own. */
  metricsApp: Express;
  /** Ends the streams, spread over `graceMs` milliseconds. */
  drain(graceMs: number): Promise<void>;
  /**
   * Ends what this instance shares with others. Call it when the server is closed: requests need the sessions until
   * then.
   */
  close(): Promise<void>;
}

/** Creates the BFF. @throws Error if an entry of `hosts` is not a host name */
export function bff(options: BffOptions): Bff {
  const { upstream, token, heartbeatMs, hosts = loopbackHosts, logs, joinFleet, sessions } = options;
  const { router: healthRouter, drain } = health(upstream);
  const { observers, registry, metricsApp } = observe(logs);
  const fleet = joinFleet?.(registry);
  const limits = fleet?.limits ?? streamLimits;
  const stream = streamLogs({ upstream, token, heartbeatMs, observers, limits, relay: fleet?.relay });
  const shared = fleet ? [fleet.relay, fleet.limits] : [];
  const streamsPage = adminPage({ proxies: [stream], redis: shared, title: 'Datashop streams' });
  const open = new OpenStreams();
  const app = express().disable('x-powered-by');
  // X-Forwarded-Proto counts only from a TLS terminator on this machine or in its private network.
  app.set('trust proxy', ['loopback', 'linklocal', 'uniquelocal']);

  app.use(securityHeaders);
  app.use(plainPaths);
  // Before the check of Host: probes address the server by its IP address.
  app.use(healthRouter);
  app.use(allowedHosts(hosts));
  app.use(withSessions(fleet?.sessions ?? sessions));
  app.get('/', demoSignIn);
  app.use(sessionRoutes({ onSignOut: open.end }));
  app.all(logsPath, onlyGet, demandSession, restLogs(upstream, token));
  app.all(volumePath, onlyGet, demandSession, restLogs(upstream, token, '/volume'));
  app.use(streamPath, deferSessionFailure);
  app.get(streamPath, open.watch);
  app.use(stream);
  app.use(adminPath, demandOperator, open.watch, streamsPage);
  app.use(page());
  app.use(notFound);
  app.use(problems);

  return {
    app,
    metricsApp,
    drain: async (graceMs) => {
      drain();
      await stream.close({ graceMs });
      streamsPage.close();
    },
    close: async () => fleet?.close(),
  };
}
