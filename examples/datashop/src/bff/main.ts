import { choice, list, milliseconds, required, secret } from '../environment.ts';
import { closeServer, listen, listenForMetrics, stopListening } from '../listen.ts';
import { runChild } from '../processes/child.ts';
import { bff } from './app.ts';
import { logFiles } from './log-files.ts';

/** Milliseconds: long enough to see on the page how a stream ends, short enough for Ctrl-C. */
const defaultGraceMs = 500;

await runChild(async () => {
  const hosts = list('ALLOWED_HOSTS');
  const graceMs = milliseconds('DRAIN_GRACE_MS', defaultGraceMs);
  const drainPort = choice('DRAIN_PORT', 'open', 'closed');
  const logs = logFiles(process.env.DATASHOP_DATA || undefined, {
    auditSecret: process.env.AUDIT_SECRET || undefined,
    level: choice('DATASHOP_LOG_LEVEL', 'info', 'debug'),
    instance: process.env.INSTANCE || undefined,
  });
  const upstream = { upstream: required('UPSTREAM'), token: secret('TOKEN') };
  const { REDIS } = process.env;
  // Loaded only on demand: the Redis client has many files.
  const fleet = REDIS ? await import('./fleet.ts') : undefined;
  const heartbeatMs = milliseconds('HEARTBEAT_MS', 15_000);
  const { app, metricsApp, drain, close } = bff({
    ...upstream,
    heartbeatMs,
    logs,
    ...(hosts && { hosts }),
    ...(fleet && { joinFleet: (registry) => fleet.joinFleet(REDIS as string, registry) }),
  });
  // Loopback by default, because every visitor of the page gets a user.
  const { server, port } = await listen(app, Number(required('PORT')), process.env.HOST || '127.0.0.1');
  const metrics = await listenForMetrics(metricsApp, server);
  return {
    port,
    metricsPort: metrics.port,
    stop: async () => {
      // A load balancer that does not poll /readyz sends new requests elsewhere only once the port refuses them.
      const closed = drainPort === 'closed' ? stopListening(server) : undefined;
      await drain(graceMs);
      await closeServer(server, closed);
      await close();
      // The metrics' port closes last, so that the drain can be watched.
      await closeServer(metrics.server);
      logs.close();
    },
  };
});
