import type { Server } from '../catalogue.ts';
import { fill, InvalidRound, type Stage } from '../stage.ts';
import { merge, percentile } from '../stats.ts';
import type { Shape } from '../workloads.ts';
import { send, verify } from './count.ts';
import type { Figures } from './figures.ts';

/**
 * Deliveries before the measured ones; fewer in a round of less than a second, which only shows that everything works.
 */
const warmUpDeliveries = 30_000;
/**
 * Least rate of the warm-up, in logs per second: at 20 it would take a quarter of a minute. At a higher one, servers
 * that send logs together would write less often, and V8 would compile that code only in the measured part.
 */
const warmUpPerSecond = 100;

/** A server that has a backlog does not sustain the rate: a slow one would send the rest after the last log. */
const mostP99Us = 2_000_000;

/** Logs at a steady rate for listeners that have been there before. */
export async function logsRound(stage: Stage, server: Server, shape: Shape, seconds: number): Promise<Figures> {
  await fill(stage, server, shape);
  const warmUp = { ...shape, perSecond: Math.max(shape.perSecond, warmUpPerSecond) };
  const warmUpLogs = Math.ceil((warmUpDeliveries / shape.browsers) * Math.min(1, seconds));
  const { sequence } = await send(stage, warmUp, 0, warmUpLogs);

  const measured = Math.max(1, Math.round(shape.perSecond * seconds));
  const expected = (measured * shape.browsers) / stage.browsers.length;
  await Promise.all(stage.browsers.map((child) => child.ask('measure', expected)));
  const before = await stage.usage();
  const { sequence: last } = await send(stage, shape, sequence, measured);
  const after = await stage.usage();
  await verify(stage, shape, last);

  const latencies = merge(await Promise.all(stage.browsers.map((child) => child.ask('latencies'))));
  const [p50Us, p99Us] = [percentile(latencies, 0.5), percentile(latencies, 0.99)];
  if (p99Us > mostP99Us) throw new InvalidRound(`not sustained: latency p99 ${(p99Us / 1e6).toFixed(1)} s`);
  return {
    cpuUs: (after.cpuUs - before.cpuUs) / (measured * shape.browsers),
    p50Us,
    p99Us,
    // Not at the end: by then, servers hold the logs of the round for listeners that resume.
    kb: (before.rssKb - stage.before.rssKb) / shape.browsers,
  };
}
