import { setTimeout as sleep } from 'node:timers/promises';
import { cleaner } from '../../packages/sse-proxy/test/support/until.ts';
import { Fleet, type FleetOptions } from '../scale/fleet/fleet.ts';
import { type Counts, countsOf, difference, PauseMeter, plus } from './browser-counts.ts';
import { type Database, MongoServer, SqliteFile } from './database.ts';
import { LogService } from './log-service.ts';
import { type Drilled, type Part, parts, type Step } from './parts.ts';
import { upgrade } from './upgrade.ts';

/** How long each step is watched after all browsers have recovered. */
const watchMs = 1_000;
/** Those that end the drill. */
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/** A step fails if a browser has no new event after this time. */
const patienceMs = 300_000;

export interface DrillOptions extends FleetOptions {
  /** Names of the parts; undefined: all. */
  readonly only: readonly string[] | undefined;
  /** Folder of another checkout, for the part `upgrade`; undefined: without that part. */
  readonly other: string | undefined;
}

/** One row of the table. */
export interface StepResult extends Counts {
  readonly what: string;
  /** The longest time that a browser was without a new event, in milliseconds. */
  readonly longestPauseMs: number;
  /** From the begin of the step until each browser had a stream and a new event, in milliseconds. */
  readonly liveMs: number;
}

export interface DrillReport {
  readonly browsers: number;
  readonly instances: number;
  readonly eventsPerSecond: number;
  readonly sent: number;
  readonly delivered: number;
  readonly steps: readonly StepResult[];
}

/** Runs the parts, each once. @param onStep called before each step, and after it with its result */
export async function runDrill(
  options: DrillOptions,
  onStep: (what: string, result?: StepResult) => void,
): Promise<DrillReport> {
  const sums = { sent: 0, delivered: 0 };
  const steps: StepResult[] = [];
  const run = async <Store extends Database>(
    open: (folder: string) => Promise<Store>,
    all: readonly Part<Store>[],
  ): Promise<void> => {
    const wanted = all.filter(({ name }) => options.only?.includes(name) ?? true);
    if (wanted.length === 0) return;
    await withSystem(open, options, async (fleet) => {
      const pauses = new PauseMeter(fleet.viewers);
      for (const step of wanted.flatMap((part) => part.steps)) {
        onStep(step.what);
        const result = await runStep(fleet, step, pauses);
        steps.push(result);
        onStep(step.what, result);
      }
      sums.sent += await fleet.upstream.newest();
      sums.delivered += fleet.viewers.reduce((sum, { ledger }) => sum + ledger.delivered, 0);
    });
  };
  const { other } = options;
  await run(async (folder) => new SqliteFile(folder), [...parts.sqlite, ...(other ? [upgrade(other)] : [])]);
  await run((folder) => MongoServer.start(folder), parts.mongodb);
  const { browsers, instances, eventsPerSecond } = options;
  return { browsers, instances, eventsPerSecond, ...sums, steps };
}

/** Starts the system for one call, and ends it afterwards, also after Ctrl-C: most of it would outlive this process. */
async function withSystem<Store extends Database>(
  open: (folder: string) => Promise<Store>,
  options: FleetOptions,
  use: (fleet: Drilled<Store>) => Promise<void>,
): Promise<void> {
  const undos = cleaner();
  const onSignal = () => void undos.clean().finally(() => process.exit(1));
  for (const signal of signals) process.once(signal, onSignal);
  try {
    const viewer = (index: number) => ({ textOf: LogService.textOf, dropsRepeats: index % 2 === 1 });
    const fleet = await withPatience('the start', async () => {
      const service = undos.add(await LogService.start(open), (it) => it.close());
      const started = await Fleet.start(service, { ...options, viewer }, undos);
      await started.recovered();
      return started;
    });
    await use(fleet);
  } finally {
    for (const signal of signals) process.off(signal, onSignal);
    await undos.clean();
  }
}

async function runStep<Store extends Database>(
  fleet: Drilled<Store>,
  step: Step<Store>,
  pauses: PauseMeter,
): Promise<StepResult> {
  const before = countsOf(fleet.viewers);
  pauses.take();
  const from = performance.now();
  let own: Partial<Counts> = {};
  await withPatience(step.what, async () => {
    own = (await step.run(fleet)) ?? {};
    await fleet.recovered();
  });
  const liveMs = performance.now() - from;
  await sleep(watchMs);
  return {
    what: step.what,
    ...plus(difference(before, countsOf(fleet.viewers)), own),
    longestPauseMs: pauses.take(),
    liveMs,
  };
}

/** @throws Error that names the step if `action` takes too long */
async function withPatience<T>(what: string, action: () => Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const error = new Error(`drill: ${what}: a browser has no new event after ${patienceMs / 1_000} s`);
  const timer = setTimeout(() => late.reject(error), patienceMs);
  try {
    return await Promise.race([action(), late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
