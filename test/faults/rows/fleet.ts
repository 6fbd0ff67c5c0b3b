// Rows about several proxies that share feeds over Redis.
import { setTimeout as sleep } from 'node:timers/promises';
import type { SseProxyOptions } from '../../../packages/sse-proxy/src/types.ts';
import { RedisServer } from '../../../packages/sse-redis/test/support/redis-server.ts';
import type { ProxyServer } from '../support/proxy.ts';
import type { Row } from '../support/row.ts';
import { type Figures, Scene } from '../support/scene.ts';
import { endWithScene, until } from '../support/stage.ts';

const perSecond = 50;
/** Longer than the lease of the process that reads the upstream. */
const pauseMs = 1_500;

interface Fleet {
  readonly scene: Scene;
  readonly redis: RedisServer;
  readonly proxies: readonly ProxyServer[];
}

/** Three proxies with three browsers each, events in flow, and one upstream connection. */
async function startFleet(options: Partial<SseProxyOptions> = {}, slowRedis = false): Promise<Fleet> {
  const redis = endWithScene(await RedisServer.start(), (it) => it.close());
  const scene = await Scene.set({ mode: 'shared', options, proxy: { redis: redis.url, slowRedis }, direct: true });
  const proxies = [scene.proxy, await scene.startProxy(), await scene.startProxy()];
  let next = 0;
  scene.port = () => proxies[next++ % proxies.length]?.port ?? 0;
  await scene.open(9);
  await scene.emit(1);
  await scene.upstream.ask('run', perSecond);
  await oneReader(scene);
  return { scene, redis, proxies };
}

/** Resolves when the upstream has one connection. */
async function oneReader({ upstream }: Scene): Promise<void> {
  await until(async () => (await upstream.ask('open')) === 1);
}

/** Resolves when each browser has an event that is sent from now on. */
async function flows(scene: Scene): Promise<void> {
  const { head } = await scene.upstream.ask('head');
  await scene.reached(head + perSecond / 5);
}

/** Each proxy keeps two connections to Redis until it ends. */
async function figures(scene: Scene): Promise<Figures> {
  const all = await scene.figures();
  return { ...all, fdsAfter: all.fdsAfter - 2 };
}

/** A row in which `fail` does something to Redis, and undoes it. */
function row(cites: string, fault: string, fail: (fleet: Fleet) => Promise<void>): Row {
  return {
    cites,
    fault,
    needs: 'redis',
    modes: ['shared'],
    async run() {
      const fleet = await startFleet();
      const { scene } = fleet;
      await fail(fleet);
      await flows(scene);
      await oneReader(scene);
      scene.notes.readers = await scene.upstream.ask('open');
      return figures(scene);
    },
  };
}

export const redisKilled = row('[row 29]', 'Redis killed, and started again without data', async ({ scene, redis }) => {
  await redis.kill();
  await flows(scene);
  await until(async () => (await scene.upstream.ask('open')) >= 3);
  scene.notes.readersWithout = await scene.upstream.ask('open');
  await redis.restartEmpty();
});

export const redisStopped = row('[row 30]', 'Redis stopped (SIGSTOP)', async ({ scene, redis }) => {
  redis.pause();
  await flows(scene);
  await until(async () => (await scene.upstream.ask('open')) >= 3);
  scene.notes.readersWithout = await scene.upstream.ask('open');
  redis.resume();
});

export const redisLosesTail = row('[row 31]', 'Redis restarts from an old snapshot', async ({ scene, redis }) => {
  await redis.command('SAVE');
  await flows(scene);
  await redis.kill();
  await redis.restart();
});

export const redisFlushed = row('[row 31]', 'Redis loses its data (FLUSHALL)', async ({ redis }) => {
  await redis.command('FLUSHALL');
});

export const readerPaused: Row = {
  cites: '[row 32]',
  fault: 'the reading proxy is stopped for longer than its lease (SIGSTOP)',
  needs: 'redis',
  modes: ['shared'],
  async run() {
    const { scene, proxies } = await startFleet();
    const connections = await Promise.all(proxies.map(async (it) => (await it.ask('stats')).upstreamConnections));
    const reader = proxies[connections.indexOf(1)] as ProxyServer;
    process.kill(reader.pid, 'SIGSTOP');
    try {
      await sleep(pauseMs);
    } finally {
      process.kill(reader.pid, 'SIGCONT');
    }
    await flows(scene);
    await oneReader(scene);
    return figures(scene);
  },
};

export const streamTrimmed: Row = {
  cites: '[row 33]',
  label: "33, of a proxy's log in Redis",
  fault: "trimmed past a browser's id",
  needs: 'redis',
  modes: ['shared'],
  async run() {
    const { scene } = await startFleet({ share: { replay: { maxBytes: 4_000 } } }, true);
    await scene.upstream.ask('reached', 100);
    const before = (await scene.upstream.ask('requests')).length;
    await scene.open(1, { lastEventId: '5', from: 6 });
    await flows(scene);
    await oneReader(scene);
    scene.notes.requests = (await scene.upstream.ask('requests')).length - before;
    return figures(scene);
  },
};
