import { setTimeout as wait } from 'node:timers/promises';
import type { Server } from '../catalogue.ts';
import { fill, InvalidRound, type Stage } from '../stage.ts';
import type { Shape } from '../workloads.ts';
import { count } from './count.ts';
import type { Figures } from './figures.ts';

/** Period of heartbeats in this workload; the product's default is 15 s. */
export const idleHeartbeatMs = 1_000;

/** Many browsers that receive nothing but heartbeats. */
export async function idleRound(stage: Stage, server: Server, shape: Shape, seconds: number): Promise<Figures> {
  await fill(stage, server, shape);
  // By then, connecting no longer costs anything, and everyone has had the first heartbeat.
  await wait(2 * idleHeartbeatMs);
  const { comments: commentsBefore } = await count(stage);
  const before = await stage.usage();
  await wait(seconds * 1e3);
  const after = await stage.usage();
  const { comments: commentsAfter, open } = await count(stage);
  if (open < shape.browsers) throw new InvalidRound(`${shape.browsers - open} browsers gone`);
  const figures: Figures = { kb: (after.rssKb - stage.before.rssKb) / shape.browsers };
  if (!server.beats) return figures;
  const heartbeats = commentsAfter - commentsBefore;
  const due = (seconds * 1e3 * shape.browsers) / idleHeartbeatMs;
  if (Math.abs(heartbeats - due) > Math.max(shape.browsers * 1.5, due * 0.3)) {
    throw new InvalidRound(`${heartbeats} heartbeats came, ${due} were due`);
  }
  figures.heartbeatCpuUs = (after.cpuUs - before.cpuUs) / heartbeats;
  return figures;
}
