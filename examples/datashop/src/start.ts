import { randomBytes } from 'node:crypto';
import { chmod, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { portProblem, readPort } from './port.ts';
import type { StartError } from './processes/messages.ts';
import { onOrphaned } from './processes/orphan.ts';
import { Supervisor } from './processes/supervisor.ts';

const supervisor = new Supervisor({
  print: (line) => console.error(line),
  lost: (line) => void end(1, line),
});

let ending: number | undefined;
async function end(code: number, line?: string): Promise<void> {
  if (ending !== undefined) return;
  ending = performance.now();
  if (line) console.error(line);
  await supervisor.stop();
  process.exit(code);
}

/** Milliseconds: npm repeats the terminal's SIGINT, so only a signal later than this is a second Ctrl-C. */
const repeatedSignalMs = 500;

/** Holds the logs and the reports, which only their owner may read. */
const ownData = fileURLToPath(new URL('../.data/', import.meta.url));

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    if (ending !== undefined && performance.now() - ending > repeatedSignalMs) supervisor.kill();
    void end(0);
  });
}

onOrphaned(() => void end(0));

async function start(): Promise<void> {
  const port = readPort('PORT', 3000);
  const metricsPort = readPort('METRICS_PORT', port === 0 ? 0 : 9464);
  const upstreamMetricsPort = readPort('UPSTREAM_METRICS_PORT', port === 0 ? 0 : 9465);
  const data = process.env.DATASHOP_DATA || ownData;
  await mkdir(data, { recursive: true, mode: 0o700 });
  // The mode of a folder that the user chose is the user's.
  if (data === ownData) await chmod(data, 0o700);
  const log = { DATASHOP_DATA: data, LOG_STORE: join(data, 'logs.sqlite') };
  // A new one for each run, passed by environment: no secret in the repository, on disk or in a process list.
  const token = process.env.UPSTREAM_TOKEN || randomBytes(32).toString('base64url');

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
}

start().catch((error: Error) => end(1, error.message));
