import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { portProblem, readPort } from './port.ts';
import type { StartError } from './processes/messages.ts';
import { onOrphaned } from './processes/orphan.ts';
import { Supervisor } from './processes/supervisor.ts';

const supervisor = new Supervisor({
  say: (line) => console.error(line),
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

/** One Ctrl-C can arrive twice: from the terminal, and passed on by npm. Only a later one is an impatient second. */
const ONE_CTRL_C_MS = 500;

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    if (ending !== undefined && performance.now() - ending > ONE_CTRL_C_MS) supervisor.kill();
    void end(0);
  });
}

onOrphaned(() => void end(0));

async function start(): Promise<void> {
  const port = readPort(process.env.PORT, 3000);
  const data = process.env.DATASHOP_DATA ?? fileURLToPath(new URL('../.data/', import.meta.url));
  await mkdir(data, { recursive: true });
  const log = { DATASHOP_DATA: data, LOG_STORE: join(data, 'logs.sqlite') };
  // Made anew for every run and handed over in memory: no secret in the repository, on disk or in a process list.
  const token = process.env.UPSTREAM_TOKEN || randomBytes(32).toString('base64url');

  const upstreamEnv = { ...log, TOKEN: token, PORT: '0' };
  const upstreamPort = await supervisor.start({
    name: 'upstream',
    script: 'upstream.ts',
    env: upstreamEnv,
    restart: true,
  });
  const upstream = `http://127.0.0.1:${upstreamPort}`;
  const bffEnv = { UPSTREAM: upstream, TOKEN: token, PORT: String(port) };
  const bffPort = await supervisor
    .start({ name: 'bff', script: 'bff/main.ts', env: bffEnv, restart: false })
    .catch((error: StartError) => {
      throw new Error(portProblem(port, error.code) ?? error.message);
    });
  // Last, so that a run that ends at a busy port has written nothing.
  await supervisor.start({ name: 'pipeline', script: 'pipeline/main.ts', env: log, restart: true });

  const url = `http://localhost:${bffPort}/`;
  console.log(`Datashop logs: ${url}`);
  // For a parent that started us with a channel, such as a test.
  process.send?.({ url, upstream, pids: supervisor.pids() });
}

start().catch((error: Error) => end(1, error.message));
