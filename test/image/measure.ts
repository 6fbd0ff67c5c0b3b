import { chownSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogDocument, SqliteLogStore } from '@datashop/log-stream';
import { workflows } from '../../examples/datashop/src/demo.ts';
import { until } from '../../packages/sse-proxy/test/support/until.ts';
import { RedisServer } from '../../packages/sse-redis/test/support/redis-server.ts';
import { freePort } from '../support/free-ports.ts';
import { Browsers } from './browsers.ts';
import { memoryMb, nodeIn, podman, remove, start, stop, untilResponds } from './containers.ts';

const browserCount = 1_000;
const logCount = 20;
const starts = 5;
const memory = '512m';
const graceSeconds = 40;
const token = 'token-between-the-two';

/** What one image showed. Times in milliseconds, sizes in MB. */
export interface ImageFigures {
  readonly sizeMb: number;
  /** Size of the base image, which `sizeMb` includes. */
  readonly baseMb: number;
  /** From the command that starts the container until `/healthz` responds 200; the median of five. */
  readonly startMs: number;
  /** From SIGTERM to the end, without a stream. */
  readonly idleStopMs: number;
  readonly user: string;
  readonly memoryMb: number;
}

export interface StreamFigures {
  readonly browsers: number;
  readonly logs: number;
  /** Browsers that got each log exactly once. */
  readonly complete: number;
  /** The BFF's resident memory without a stream, with all of them, and its maximum. */
  readonly idleMb: number;
  readonly openMb: number;
  readonly mostMb: number;
  /** From SIGTERM to the end with all streams open, and how many of them got an end event. */
  readonly drainMs: number;
  readonly drained: number;
  readonly exitCode: number;
}

/** Size of an image in MB. */
export function sizeMb(image: string): number {
  return Math.round(Number(podman('image', 'inspect', image, '--format', '{{.Size}}')) / 1e6);
}

async function healthy(port: number): Promise<void> {
  await untilResponds(`http://127.0.0.1:${port}/healthz`);
}

/** Starts the image a few times, and stops it. */
export async function measureImage(image: string, base: string, env: Record<string, string>): Promise<ImageFigures> {
  const times: number[] = [];
  let [idleStopMs, idleMb, user] = [0, 0, ''];
  for (let i = 0; i < starts; i++) {
    const [port, metrics] = [await freePort(), await freePort()];
    const startedAt = performance.now();
    const id = start(image, { env: { ...env, PORT: String(port), METRICS_PORT: String(metrics) }, memory });
    try {
      await healthy(port);
      times.push(performance.now() - startedAt);
      user = podman('exec', id, 'id', '-u');
      idleMb = memoryMb(nodeIn(id), 'VmRSS');
      const { ms, exitCode } = await stop(id, graceSeconds);
      if (exitCode !== 0) throw new Error(`${image} ended with exit code ${exitCode}`);
      idleStopMs = ms;
    } finally {
      remove(id);
    }
  }
  const startMs = times.sort((a, b) => a - b)[Math.floor(starts / 2)] as number;
  return { sizeMb: sizeMb(image), baseMb: sizeMb(base), startMs, idleStopMs, user, memoryMb: idleMb };
}

/** Both images and a Redis: a thousand browsers, twenty logs, and SIGTERM to the BFF while all streams are open. */
export async function measureStreams(bff: string, logService: string): Promise<StreamFigures> {
  const folder = mkdtempSync(join(tmpdir(), 'datashop-image-'));
  chownSync(folder, 1000, 1000);
  const redis = await RedisServer.start();
  const [port, metrics, upstream] = [await freePort(), await freePort(), await freePort()];
  const containers: string[] = [];
  const browsers = new Browsers(`http://127.0.0.1:${port}`);
  try {
    const logEnv = { SQLITE_PATH: '/data/logs.sqlite', SSE_TOKEN: token, PORT: String(upstream) };
    containers.push(start(logService, { env: logEnv, memory, volume: folder }));
    await healthy(upstream);
    const shared = { REDIS: redis.url, SESSION_STORE: '/data/sessions.sqlite', SESSION_SECRET: token, TOKEN: token };
    const ports = { PORT: String(port), METRICS_PORT: String(metrics), UPSTREAM: `http://127.0.0.1:${upstream}` };
    const id = start(bff, { env: { ...shared, ...ports }, memory, volume: folder });
    containers.push(id);
    await healthy(port);
    const pid = nodeIn(id);
    const idleMb = memoryMb(pid, 'VmRSS');
    await browsers.open(browserCount);
    await writeLogs(join(folder, 'logs.sqlite'));
    await until(() => browsers.haveAll(logCount));
    const openMb = memoryMb(pid, 'VmRSS');
    const mostMb = memoryMb(pid, 'VmHWM');
    const { ms: drainMs, exitCode } = await stop(id, graceSeconds);
    await until(() => browsers.openCount === 0);
    const figures = { idleMb, openMb, mostMb, drainMs, exitCode };
    return { browsers: browserCount, logs: logCount, ...browsers.tally(1, logCount), ...figures };
  } finally {
    browsers.close();
    for (const id of containers) remove(id);
    await redis.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function writeLogs(path: string): Promise<void> {
  const store = new SqliteLogStore({ path });
  const run = { ...workflows.movies, pipelineID: crypto.randomUUID(), execID: '1', stageName: 'LOAD' };
  for (let number = 1; number <= logCount; number++) {
    await store.append([createLogDocument({ ...run, message: `number ${number}` })]);
  }
  await store.close();
}
