import type { RequestListener } from 'node:http';
import { list, required } from '../environment.ts';
import { closeServer, listen } from '../listen.ts';
import { runChild } from '../processes/child.ts';
import { bff } from './app.ts';
import { logFiles } from './log-files.ts';

/** Milliseconds: long enough to see on the page how a stream ends, short enough for Ctrl-C. */
const graceMs = 500;

/** On loopback only: whoever can read metrics sees what the server does. */
async function listenForMetrics(app: RequestListener, port: number): ReturnType<typeof listen> {
  try {
    return await listen(app, port, '127.0.0.1');
  } catch (cause) {
    throw new Error(`METRICS_PORT ${port} can't be opened (${(cause as Error).message})`, { cause });
  }
}

await runChild(async () => {
  const hosts = list('ALLOWED_HOSTS');
  const logs = logFiles(required('DATASHOP_DATA'), process.env.AUDIT_SECRET || undefined);
  const upstream = { upstream: required('UPSTREAM'), token: required('TOKEN') };
  const { app, metricsApp, drain } = bff({ ...upstream, logs, ...(hosts && { hosts }) });
  // Loopback by default, because every visitor of the page gets a user.
  const { server, port } = await listen(app, Number(required('PORT')), process.env.HOST || '127.0.0.1');
  const metrics = await listenForMetrics(metricsApp, Number(required('METRICS_PORT')));
  return {
    port,
    metricsPort: metrics.port,
    stop: async () => {
      await drain(graceMs);
      await closeServer(server);
      // Last, so that the drain can be watched.
      await closeServer(metrics.server);
      logs.close();
    },
  };
});
