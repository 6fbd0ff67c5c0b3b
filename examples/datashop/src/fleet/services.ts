import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Launch } from '../launch.ts';
import { freePort } from './ports.ts';

const bffNames = ['bff-1', 'bff-2', 'bff-3'] as const;

/** What the services of a fleet need. */
export interface FleetLaunch extends Launch {
  /** Path of the program. */
  readonly redisServer: string;
}

/** Starts Redis, the log service and three BFFs, and returns the ports of the BFFs. */
export async function startServices({ supervisor, data, log, token, redisServer }: FleetLaunch): Promise<number[]> {
  const redisPort = await freePort();
  const redisFolder = join(data, 'redis');
  await mkdir(redisFolder, { recursive: true, mode: 0o700 });
  const settings = { port: redisPort, bind: '127.0.0.1', dir: redisFolder, save: '', loglevel: 'warning' };
  const redisArgs = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const redis = [redisServer, ...redisArgs] as const;
  await supervisor.start({ name: 'redis', command: redis, port: redisPort, env: {}, restart: true });

  const { port: upstreamPort } = await supervisor.start({
    name: 'upstream',
    script: 'upstream.ts',
    env: { ...log, TOKEN: token, PORT: '0', METRICS_PORT: '0' },
    restart: true,
  });
  const bffEnv = {
    ...log,
    UPSTREAM: `http://127.0.0.1:${upstreamPort}`,
    TOKEN: token,
    REDIS: `redis://127.0.0.1:${redisPort}`,
    SESSION_STORE: join(data, 'sessions.sqlite'),
    SESSION_SECRET: randomBytes(32).toString('base64url'),
    // The same for all, so that a user has the same hash in the lines of each.
    AUDIT_SECRET: process.env.AUDIT_SECRET || randomBytes(32).toString('base64url'),
    // nginx, which is in front, does not poll /readyz.
    DRAIN_PORT: 'closed',
  };
  const bffs = await Promise.all(
    bffNames.map((name) => {
      const env = { ...bffEnv, INSTANCE: name, PORT: '0', METRICS_PORT: '0' };
      return supervisor.start({ name, script: 'bff/main.ts', env, restart: true });
    }),
  );
  return bffs.map((bff) => bff.port as number);
}
