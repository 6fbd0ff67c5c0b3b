import type { RedisUsage } from '../processes/redis.ts';
import { InvalidRound, type Stage } from '../stage.ts';
import type { Figures } from './figures.ts';

/** What Redis used between two readings; no figures without Redis. */
export function redisFigures(before: RedisUsage | undefined, after: RedisUsage | undefined): Figures {
  if (!before || !after) return {};
  const elapsedMs = after.atMs - before.atMs;
  return {
    redisCpuPercent: (after.cpuUs - before.cpuUs) / 10 / elapsedMs,
    redisCommands: (after.commands - before.commands) / (elapsedMs / 1e3),
    redisMb: after.usedBytes / 2 ** 20,
  };
}

/** Throws unless the server leads the feeds that it should lead, and each feed is read from the upstream once. */
export async function verifyRole({ server, role, upstream, feeds }: Stage): Promise<void> {
  if (!role || !server) return;
  const led = await server.ask('led');
  const connections = await upstream.ask('connections', { count: 0, withinMs: 0 });
  const wanted = role === 'leader' ? feeds : 0;
  if (led !== wanted) throw new InvalidRound(`the server leads ${led} of ${feeds} feeds instead of ${wanted}`);
  if (connections !== feeds) throw new InvalidRound(`${connections} upstream connections for ${feeds} feeds`);
}
