import { setTimeout as sleep } from 'node:timers/promises';
import { UpstreamServer } from '../../faults/support/upstream.ts';
import type { Viewer } from '../../faults/support/viewer.ts';
import { Fleet, type FleetOptions } from './fleet.ts';
import { type ScaleFleet, type Step, schedule } from './schedule.ts';

/** How long each step is watched after all browsers have recovered. */
const watchMs = 2_000;
const sampleMs = 200;
/** With fewer streams than this the ends of a drain say little about how they are spread. */
const minDrained = 20;

/** What the chart shows, five times a second. */
export interface Sample {
  /** Since the start, in milliseconds. */
  readonly atMs: number;
  /** Browsers with an open stream. */
  readonly open: number;
  /** Connections at the upstream; undefined while it is killed. */
  readonly upstreamConnections: number | undefined;
}

/** One line of the table. */
export interface StepResult {
  readonly what: string;
  readonly atMs: number;
  /** From the begin of the step until each browser had a stream and a new event, in milliseconds. */
  readonly recoveredMs: number;
  /** Streams that ended for a browser. */
  readonly cuts: number;
  /** Longest pause of a browser from a cut to its next event, in milliseconds; 0 without a cut. */
  readonly longestPauseMs: number;
  /** Most connections at the upstream at the same time, and those at the end of the step. */
  readonly mostUpstream: number;
  readonly upstreamConnections: number;
}

/** The options of the run, and what it showed. */
export interface FleetReport extends FleetOptions {
  readonly sent: number;
  readonly delivered: number;
  readonly lost: number;
  readonly doubled: number;
  readonly reordered: number;
  readonly mangled: number;
  readonly gaps: number;
  readonly refusals: number;
  readonly reconnects: number;
  /** At the upstream, at the end, for one shared feed. */
  readonly upstreamConnections: number;
  /** Shortest time over which one drained instance ended its streams, in milliseconds. */
  readonly drainSpreadMs: number;
  readonly steps: readonly StepResult[];
  readonly samples: readonly Sample[];
}

/** Runs the schedule. @param onStep called before each step */
export async function runFleet(options: FleetOptions, onStep: (what: string) => void): Promise<FleetReport> {
  const upstream = await UpstreamServer.start();
  const fleet: ScaleFleet = await Fleet.start(upstream, options);
  // Redis and nginx would outlive this process.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void fleet.close().finally(() => process.exit(1)));
  }
  const startedAt = performance.now();
  const sinceStart = () => performance.now() - startedAt;
  const samples: Sample[] = [];
  let isRunning = true;
  const sampling = (async () => {
    while (isRunning) {
      const upstreamConnections = await fleet.upstream.ask('open').catch(() => undefined);
      const open = fleet.viewers.filter((viewer) => viewer.open).length;
      samples.push({ atMs: sinceStart(), open, upstreamConnections });
      await sleep(sampleMs);
    }
  })();
  try {
    await fleet.recovered();
    const steps: StepResult[] = [];
    for (const step of schedule) {
      onStep(step.what);
      steps.push(await runStep(fleet, step, sinceStart, samples));
    }
    const { head } = await fleet.upstream.ask('hold');
    while (!fleet.viewers.every(({ ledger }) => (ledger.last ?? 0) >= head)) await sleep(20);
    const upstreamConnections = await fleet.upstream.ask('open');
    return {
      ...options,
      ...sums(fleet.viewers, head),
      upstreamConnections,
      drainSpreadMs: spreadOf(fleet),
      steps,
      samples,
    };
  } finally {
    isRunning = false;
    await sampling;
    await fleet.close();
    await upstream.close();
  }
}

async function runStep(
  fleet: ScaleFleet,
  step: Step,
  sinceStart: () => number,
  samples: Sample[],
): Promise<StepResult> {
  const atMs = sinceStart();
  const [firstSample, cutsBefore] = [samples.length, cutsOf(fleet.viewers)];
  const pausesBefore = fleet.viewers.map(({ recoveryMs }) => recoveryMs.length);
  await step.run(fleet);
  await fleet.recovered();
  const recoveredMs = sinceStart() - atMs;
  await sleep(watchMs);
  const pauses = fleet.viewers.flatMap(({ recoveryMs }, index) => recoveryMs.slice(pausesBefore[index]));
  const seen = samples.slice(firstSample).map(({ upstreamConnections }) => upstreamConnections ?? 0);
  return {
    what: step.what,
    atMs,
    recoveredMs,
    cuts: cutsOf(fleet.viewers) - cutsBefore,
    longestPauseMs: Math.max(0, ...pauses),
    mostUpstream: Math.max(0, ...seen),
    upstreamConnections: await fleet.upstream.ask('open'),
  };
}

const cutsOf = (viewers: readonly Viewer[]) => viewers.reduce((sum, { cuts }) => sum + cuts, 0);

function sums(viewers: readonly Viewer[], sent: number) {
  const sum = (of: (viewer: Viewer) => number) => viewers.reduce((total, viewer) => total + of(viewer), 0);
  return {
    sent,
    delivered: sum(({ ledger }) => ledger.delivered),
    lost: sum(({ ledger }) => ledger.lost(sent)),
    doubled: sum(({ ledger }) => ledger.doubled),
    reordered: sum(({ ledger }) => ledger.reordered),
    mangled: sum(({ ledger }) => ledger.mangled),
    gaps: sum(({ gaps }) => gaps.length),
    refusals: sum(({ refusals }) => refusals.length),
    reconnects: sum(({ opens }) => opens - 1),
  };
}

/** Shortest time between the first and the last end that one drained instance sent; of those with many streams. */
function spreadOf({ viewers, drains }: ScaleFleet): number {
  const ends = viewers.flatMap(({ endedAt }) => endedAt);
  const spreads = drains.flatMap(({ from, to }) => {
    const own = ends.filter((at) => at >= from && at <= to);
    return own.length < minDrained ? [] : [Math.max(...own) - Math.min(...own)];
  });
  return spreads.length === 0 ? 0 : Math.min(...spreads);
}
