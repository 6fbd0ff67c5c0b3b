import type { Server } from '../catalogue.ts';
import { because, connectBrowsers, fill, InvalidRound, patienceMs, type Stage } from '../stage.ts';
import { merge, percentile } from '../stats.ts';
import type { Shape } from '../workloads.ts';
import { send, verify } from './count.ts';
import type { Figures } from './figures.ts';

const before = 20;
const missed = 50;
const afterwards = 10;

/** All browsers leave, miss some events, reconnect at the same moment, and have to receive exactly those. */
export async function stormRound(stage: Stage, server: Server, shape: Shape): Promise<Figures> {
  await fill(stage, server, shape);
  const first = await send(stage, shape, 0, before);
  await Promise.all(stage.browsers.map((child) => child.ask('leave')));
  const { perSecond, bytes } = shape;
  await stage.upstream.ask('emit', { events: missed, perSecond, bytes, spread: false, withinMs: patienceMs });

  const sequence = first.sequence + missed;
  await Promise.all(stage.browsers.map((child) => child.ask('expect', sequence)));
  await stage.server?.ask('watchLoop');
  const usageBefore = await stage.usage();
  const connected = await connectBrowsers(stage, 'reconnect', shape.browsers, shape.browsers);
  const reached = await Promise.all(stage.browsers.map((child) => child.ask('reached', patienceMs)));
  const longestTurn = await stage.server?.ask('longestTurn');
  const usageAfter = await stage.usage();
  if (connected.open < shape.browsers) {
    throw new InvalidRound(`${connected.open} of ${shape.browsers} came back${because(connected.failures)}`);
  }
  const replayedAtUs = merge(reached);
  // The next events show whether the replay continues into the live events without a gap or a repeat.
  const last = await send(stage, shape, sequence, afterwards);
  await verify(stage, shape, last.sequence);
  return {
    connectCpuUs: (usageAfter.cpuUs - usageBefore.cpuUs) / shape.browsers,
    replayedMs: percentile(replayedAtUs, 1) / 1e3,
    openP50Ms: percentile(replayedAtUs, 0.5) / 1e3,
    openP99Ms: percentile(replayedAtUs, 0.99) / 1e3,
    ...longestTurn,
  };
}
