import { launch } from './launch.ts';
import { portProblem, readPort } from './port.ts';
import type { StartError } from './processes/messages.ts';

launch(async ({ supervisor, log, token }) => {
  const port = readPort('PORT', 3000);
  const metricsPort = readPort('METRICS_PORT', port === 0 ? 0 : 9464);
  const upstreamMetricsPort = readPort('UPSTREAM_METRICS_PORT', port === 0 ? 0 : 9465);
  const upstreamEnv = { ...log, TOKEN: token, PORT: '0', METRICS_PORT: String(upstreamMetricsPort) };
  const { port: upstreamPort } = await supervisor.start({
    name: 'upstream',
    script: 'upstream.ts',
    env: upstreamEnv,
    restart: true,
  });
  const upstream = `http://127.0.0.1:${upstreamPort}`;
  const bffEnv = { ...log, UPSTREAM: upstream, TOKEN: token, PORT: String(port), METRICS_PORT: String(metricsPort) };
  const bff = await supervisor
    .start({ name: 'bff', script: 'bff/main.ts', env: bffEnv, restart: false })
    .catch((error: StartError) => {
      throw new Error(portProblem(port, error.code) ?? error.message);
    });
  // Last, so that a start that fails at a busy port has written nothing.
  await supervisor.start({ name: 'pipeline', script: 'pipeline/main.ts', env: log, restart: true });

  const url = `http://localhost:${bff.port}/`;
  console.log(`Datashop logs: ${url}`);
  // For a parent with an IPC channel, such as a test.
  process.send?.({ url, metrics: `http://127.0.0.1:${bff.metricsPort}/metrics`, upstream, pids: supervisor.pids() });
});
