import type { Server } from '../catalogue.ts';
import { because, type Connected, connectBrowsers, fill, InvalidRound, type Stage } from '../stage.ts';
import { percentile } from '../stats.ts';
import type { Shape } from '../workloads.ts';
import type { Figures } from './figures.ts';

const few = 100;
const probes = 20;

/** Connects one browser after another, so that the server handles one at a time. */
async function probe(stage: Stage): Promise<number> {
  const report = await connectBrowsers({ ...stage, browsers: stage.browsers.slice(0, 1) }, 'connect', probes, 1);
  if (report.open < probes)
    throw new InvalidRound(`${report.open} of ${probes} browsers connected${because(report.failures)}`);
  return percentile(report.openedAfterUs, 0.5) / 1e3;
}

/** All browsers connect. Also measures whether one more costs more when many are connected. */
export async function connectRound(stage: Stage, server: Server, shape: Shape): Promise<Figures> {
  await fill(stage, server, { ...shape, browsers: few });
  const earlyMs = await probe(stage);
  const rest = shape.browsers - few - 2 * probes;
  const before = await stage.usage();
  const connected: Connected = await connectBrowsers(stage, 'connect', rest, 200);
  const after = await stage.usage();
  if (connected.open < rest)
    throw new InvalidRound(`${connected.open} of ${rest} browsers connected${because(connected.failures)}`);
  return {
    connectCpuUs: (after.cpuUs - before.cpuUs) / rest,
    tookMs: connected.tookMs,
    openP50Ms: percentile(connected.openedAfterUs, 0.5) / 1e3,
    openP99Ms: percentile(connected.openedAfterUs, 0.99) / 1e3,
    kb: (after.rssKb - stage.before.rssKb) / shape.browsers,
    earlyMs,
    lateMs: await probe(stage),
  };
}
