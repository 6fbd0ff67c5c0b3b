import type { Server } from '../catalogue.ts';
import { fill, type Stage } from '../stage.ts';
import { merge, percentile } from '../stats.ts';
import type { Shape } from '../workloads.ts';
import { send, verify } from './count.ts';
import type { Figures } from './figures.ts';
import type { Meeting } from './meeting.ts';
import { redisFigures, verifyRole } from './redis.ts';

/** Deliveries before the measured ones: until then, V8 compiles code in a thread whose time counts as the server's. */
const warmUpDeliveries = 60_000;

/** Rate of these deliveries, for all servers together that run at the same time. */
const warmUpPerSecond = 20_000;

/**
 * Events at a steady rate: first the warm-up, then the measured ones. Servers that run at the same time use `meeting`
 * as a barrier.
 */
export async function eventsRound(
  stage: Stage,
  server: Server,
  shape: Shape,
  seconds: number,
  meeting?: Meeting,
): Promise<Figures> {
  await fill(stage, server, shape);
  await meeting?.meet();
  const measured = Math.max(1, Math.round(shape.perSecond * seconds));
  const perSecond = warmUpPerSecond / shape.browsers / (meeting?.size ?? 1);
  const warmUp = { ...shape, perSecond: Math.max(shape.perSecond, perSecond) };
  const warmUpEvents = Math.max(1, Math.round(warmUpDeliveries / shape.browsers));
  const { sequence } = await send(stage, warmUp, 0, warmUpEvents);

  const expected = (measured * shape.browsers) / stage.browsers.length;
  await Promise.all(stage.browsers.map((child) => child.ask('measure', expected)));
  await meeting?.meet();
  const redisBefore = await stage.redisUsage();
  const before = await stage.usage();
  const { sequence: last } = await send(stage, shape, sequence, measured);
  const after = await stage.usage();
  const redisAfter = await stage.redisUsage();
  await meeting?.meet();
  await verify(stage, shape, last);
  await verifyRole(stage);

  const latencies = merge(await Promise.all(stage.browsers.map((child) => child.ask('latencies'))));
  const figures: Figures = { p50Us: percentile(latencies, 0.5), p99Us: percentile(latencies, 0.99) };
  if (!stage.server) return figures;
  figures.cpuUs = (after.cpuUs - before.cpuUs) / (measured * shape.browsers);
  if (shape.browsers >= 1_000) figures.kb = (after.rssKb - stage.before.rssKb) / shape.browsers;
  return { ...figures, ...redisFigures(redisBefore, redisAfter) };
}
