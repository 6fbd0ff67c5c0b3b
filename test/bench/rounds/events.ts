import type { Server } from '../catalogue.ts';
import { fill, type Stage } from '../stage.ts';
import { merge, percentile } from '../stats.ts';
import type { Shape } from '../workloads.ts';
import { send, verify } from './count.ts';
import type { Figures } from './figures.ts';

/** Events a second for all browsers together, at least, before those that count. */
const warmUpDeliveries = 5_000;

/** Seconds before those that count, at least: the compiler takes its time. */
const warmUpSeconds = 1.5;

/**
 * Events at a steady pace: first some that do not count, then those that do. Where several servers are measured at once,
 * `meet` waits for the others.
 */
export async function eventsRound(
  stage: Stage,
  server: Server,
  shape: Shape,
  seconds: number,
  meet?: () => Promise<void>,
): Promise<Figures> {
  await fill(stage, server, shape);
  await meet?.();
  const measured = Math.max(1, Math.round(shape.perSecond * seconds));
  // Code that has run a few times only is slow: what does not count comes fast, however slow the load is itself.
  const warmUp = { ...shape, perSecond: Math.max(shape.perSecond, warmUpDeliveries / shape.browsers) };
  const warmUpEvents = Math.max(1, Math.round(warmUp.perSecond * Math.max(warmUpSeconds, seconds / 3)));
  const { sequence } = await send(stage, warmUp, 0, warmUpEvents);

  const expected = (measured * shape.browsers) / stage.browsers.length;
  await Promise.all(stage.browsers.map((child) => child.ask('measure', expected)));
  await meet?.();
  const before = await stage.usage();
  const { sequence: last } = await send(stage, shape, sequence, measured);
  const after = await stage.usage();
  await meet?.();
  await verify(stage, shape, last);

  const cpuUs = (after.cpuUs - before.cpuUs) / (measured * shape.browsers);
  // The others' events are in the way: how late these came, and what memory they took, says nothing.
  if (meet) return { cpuUs };
  const latencies = merge(await Promise.all(stage.browsers.map((child) => child.ask('latencies'))));
  const figures: Figures = { p50Us: percentile(latencies, 0.5), p99Us: percentile(latencies, 0.99) };
  if (!stage.server) return figures;
  figures.cpuUs = cpuUs;
  if (shape.browsers >= 1_000) figures.kb = (after.rssKb - stage.before.rssKb) / shape.browsers;
  return figures;
}
