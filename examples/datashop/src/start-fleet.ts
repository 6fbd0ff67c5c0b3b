import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { configureNginx } from './fleet/nginx.ts';
import { findPrograms } from './fleet/programs.ts';
import { launch } from './launch.ts';
import { portProblem, readPort } from './port.ts';

const bffNames = ['bff-1', 'bff-2', 'bff-3'] as const;

// Three BFFs behind nginx, which share limits and feeds in Redis. Kill any part: it is started again.
launch(async ({ supervisor, data, log, token }) => {
  const programs = findPrograms();
  const wantedPort = readPort('PORT', 3000);
  await checkPort(wantedPort);
  const port = wantedPort || (await freePort());

  const redisPort = await freePort();
  const redisFolder = join(data, 'redis');
  await mkdir(redisFolder, { recursive: true, mode: 0o700 });
  const settings = { port: redisPort, bind: '127.0.0.1', dir: redisFolder, save: '', loglevel: 'warning' };
  const redisArgs = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const redis = [programs['redis-server'], ...redisArgs] as const;
  await supervisor.start({ name: 'redis', command: redis, port: redisPort, env: {}, restart: true });

  const { port: upstreamPort } = await supervisor.start({
    name: 'upstream',
    script: 'upstream.ts',
    env: { ...log, TOKEN: token, PORT: '0', METRICS_PORT: '0' },
    restart: true,
  });
  const upstream = `http://127.0.0.1:${upstreamPort}`;
  const bffEnv = {
    ...log,
    UPSTREAM: upstream,
    TOKEN: token,
    REDIS: `redis://127.0.0.1:${redisPort}`,
    SESSION_STORE: join(data, 'sessions.sqlite'),
    SESSION_SECRET: randomBytes(32).toString('base64url'),
    // The same for all, so that a user has the same hash in the lines of each.
    AUDIT_SECRET: process.env.AUDIT_SECRET || randomBytes(32).toString('base64url'),
  };
  const bffs = await Promise.all(
    bffNames.map((name) => {
      const env = { ...bffEnv, INSTANCE: name, PORT: '0', METRICS_PORT: '0' };
      return supervisor.start({ name, script: 'bff/main.ts', env, restart: true });
    }),
  );
  const bffPorts = bffs.map((bff) => bff.port as number);
  const nginx = [programs.nginx, ...(await configureNginx(join(data, 'nginx'), port, bffPorts))] as const;
  await supervisor.start({ name: 'nginx', command: nginx, port, env: {}, restart: true });
  await supervisor.start({ name: 'pipeline', script: 'pipeline/main.ts', env: log, restart: true });

  const url = `http://localhost:${port}/`;
  const pids = supervisor.pids();
  console.log(`Datashop logs: ${url}`);
  console.error(
    `Kill parts of it: ${Object.entries(pids)
      .map(([name, pid]) => `${name} ${pid}`)
      .join(', ')}`,
  );
  // For a parent with an IPC channel, such as a test.
  process.send?.({ url, bffs: bffPorts, pids });
});

/** Listens on the port for a moment. @throws Error that says how to choose another one */
async function checkPort(port: number): Promise<void> {
  await listenOnce(port).catch((error: NodeJS.ErrnoException) => {
    throw new Error(portProblem(port, error.code, 'npm run start:fleet') ?? error.message);
  });
}

function freePort(): Promise<number> {
  return listenOnce(0);
}

function listenOnce(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      const { port: chosen } = server.address() as { port: number };
      server.close(() => resolve(chosen));
    });
  });
}
