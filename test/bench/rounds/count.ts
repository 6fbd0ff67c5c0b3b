import { because, InvalidRound, patienceMs, type Stage, tally } from '../stage.ts';
import { merge } from '../stats.ts';
import type { Shape } from '../workloads.ts';

/** Counts of all browsers together. */
export interface Counts {
  readonly open: number;
  readonly events: number;
  readonly comments: number;
  readonly lost: number;
  readonly doubled: number;
  readonly last: number;
}

/** Adds up the browsers' counts. */
export async function count(stage: Stage): Promise<Counts & { readonly failures: Record<string, number> }> {
  const parts = await Promise.all(stage.browsers.map((child) => child.ask('counts')));
  const sum = (name: keyof Counts) => parts.reduce((total, part) => total + part[name], 0);
  return {
    open: sum('open'),
    events: sum('events'),
    comments: sum('comments'),
    lost: sum('lost'),
    doubled: sum('doubled'),
    last: Math.min(...parts.map(({ last }) => last)),
    failures: tally(parts.map(({ failures }) => failures)),
  };
}

/** Sends `events` more to every browser. Resolves when all have the last one. */
export async function send(
  stage: Stage,
  shape: Shape,
  from: number,
  events: number,
): Promise<{ sequence: number; reachedAtUs: Float64Array }> {
  const sequence = from + events;
  await Promise.all(stage.browsers.map((child) => child.ask('expect', sequence)));
  const { perSecond, bytes, spread, content, feeds } = shape;
  const withinMs = (events / perSecond) * 1e3 + patienceMs / 2;
  const { last } = await stage.upstream.ask('emit', { events, perSecond, bytes, spread, content, feeds, withinMs });
  if (last < sequence)
    throw new InvalidRound(`the upstream could send only ${last - from} of ${events} events in time`);
  const reached = await Promise.all(stage.browsers.map((child) => child.ask('reached', patienceMs / 2)));
  return { sequence, reachedAtUs: merge(reached) };
}

/** Throws unless every browser is connected and has every event exactly once. */
export async function verify(stage: Stage, shape: Shape, sequence: number): Promise<Counts> {
  const counts = await count(stage);
  const { open, events, lost, doubled, failures } = counts;
  const missing = sequence * shape.browsers - events;
  const faults = [
    open < shape.browsers && `${shape.browsers - open} browsers gone${because(failures)}`,
    missing !== 0 && `${missing} events missing, ${lost} of them skipped`,
    doubled > 0 && `${doubled} events doubled`,
  ].filter((fault) => fault !== false);
  if (faults.length > 0) throw new InvalidRound(faults.join('; '));
  return counts;
}
