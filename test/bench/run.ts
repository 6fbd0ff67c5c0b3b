import { type Case, guessSeconds, type Plan } from './plan.ts';
import type { Result, Round } from './results.ts';
import { connectRound } from './rounds/connect.ts';
import { eventsRound } from './rounds/events.ts';
import { idleHeartbeatMs, idleRound } from './rounds/idle.ts';
import { logsRound } from './rounds/logs.ts';
import { Meeting } from './rounds/meeting.ts';
import { stormRound } from './rounds/storm.ts';
import { InvalidRound, patienceMs, type Stage, setStage } from './stage.ts';
import { loadOf } from './workloads.ts';

/** Path of this folder, which is removed from messages. */
const here = new URL('.', import.meta.url).href;

/** Called before every round with a line on the progress. */
export type Progress = (line: string) => void;

/**
 * Measures every case of the plan `rounds` times. Servers take turns, so that a busy minute of the machine affects all
 * of them, or run at the same time.
 */
export async function run(plan: Plan, rounds: number, seconds: number, progress: Progress): Promise<Result[]> {
  const results = new Map<Case, Result>();
  for (const it of plan.cases) {
    const { workload, server, shape, browsers } = it;
    const load = loadOf(shape);
    results.set(it, {
      workload: workload.name,
      server: server.name,
      wanted: shape.browsers,
      ...(load && { load }),
      browsers,
      rounds: [],
    });
  }
  const guesses = new Map(plan.cases.map((it) => [it, guessSeconds(it, seconds)]));
  const total = rounds * [...guesses.values()].reduce((sum, guess) => sum + guess, 0);
  const startedAt = performance.now();
  let done = 0;
  for (const workload of new Set(plan.cases.map((it) => it.workload))) {
    const cases = plan.cases.filter((it) => it.workload === workload);
    for (let round = 1; round <= rounds; round++) {
      for (const group of groups(cases)) {
        const elapsed = (performance.now() - startedAt) / 1e3;
        // Corrects the estimate by the time that the finished rounds took.
        const pace = done > 0 ? elapsed / done : 1;
        const left = Math.ceil(((total - done) * pace) / 60);
        progress(`${workload.name}, round ${round} of ${rounds}: ${inWords(group)} (${left} min left)`);
        const outcomes = await measureGroup(group, seconds);
        for (const [it, outcome] of outcomes) {
          if (outcome.invalid) progress(`  ${it.server.name} not valid: ${outcome.invalid}`);
          results.get(it)?.rounds.push(outcome);
          done += guesses.get(it) ?? 0;
        }
      }
    }
  }
  return [...results.values()];
}

/** Groups the cases that run at the same time: each alone, or all that get the same load. */
function groups(cases: readonly Case[]): (readonly Case[])[] {
  return [...Map.groupBy(cases, (it) => (it.workload.atOnce ? it.shape : it)).values()];
}

function inWords(group: readonly Case[]): string {
  const { browsers, server, shape } = group[0] as Case;
  return `${loadOf(shape) ?? `${browsers} browsers`}, ${group.length === 1 ? server.name : `${group.length} servers at once`}`;
}

/** Measures the cases of a group at the same time. */
export async function measureGroup(group: readonly Case[], seconds: number): Promise<[Case, Round][]> {
  const meeting = group.length > 1 ? new Meeting(group.length) : undefined;
  return Promise.all(
    group.map(async (it): Promise<[Case, Round]> => {
      try {
        return [it, await measure(it, seconds, meeting)];
      } finally {
        meeting?.leave();
      }
    }),
  );
}

async function measure(
  { workload, server, shape: wanted, browsers }: Case,
  seconds: number,
  meeting?: Meeting,
): Promise<Round> {
  const shape = { ...wanted, browsers };
  const { kind } = workload;
  const rounds = { events: eventsRound, idle: idleRound, storm: stormRound, connect: connectRound, logs: logsRound };
  let timer: NodeJS.Timeout | undefined;
  let stage: Stage | undefined;
  const longest = new Promise<never>((_, reject) => {
    const ms = 3 * patienceMs + 2e3 * seconds;
    timer = setTimeout(() => reject(new InvalidRound(`not over after ${ms / 1e3} s`)), ms);
  });
  try {
    stage = await Promise.race([setStage(server, shape, kind === 'idle' ? idleHeartbeatMs : undefined), longest]);
    return { figures: await Promise.race([rounds[kind](stage, server, shape, seconds, meeting), longest]) };
  } catch (error) {
    // A server that fails must not discard what was measured before.
    return { figures: {}, invalid: (error as Error).message.replaceAll(here, '') };
  } finally {
    clearTimeout(timer);
    await stage?.stop();
  }
}
