import { expect } from 'chai';
import fc from 'fast-check';
import type { StreamCursor } from '../src/stores/mongo/cursor.ts';
import { decodePosition, encodePosition } from '../src/stores/mongo/ids.ts';
import { readStream } from '../src/stores/mongo/read.ts';
import { Resume } from '../src/stores/mongo/resume.ts';
import type { Watch } from '../src/stores/mongo/watch.ts';
import { listedBy, WatchStage } from './support/mongo-watch.ts';

const wf = { workspaceID: 'ws', workflowID: 'wf' };
/** Schedules per property. */
const runs = Number(process.env.SSE_RUNS ?? 300);

type Step =
  | { readonly kind: 'show'; readonly agoMs: number }
  | { readonly kind: 'pass' | 'a' | 'b'; readonly ms: number };

/** Documents become visible up to settleMs late, while two processes look at times of their own. */
const steps = fc.array(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({ kind: fc.constant('show' as const), agoMs: fc.integer({ min: 0, max: 2_000 }) }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constantFrom('pass' as const, 'a' as const, 'b' as const),
        ms: fc.integer({ min: 1, max: 1_500 }),
      }),
    },
  ) as fc.Arbitrary<Step>,
  { minLength: 5, maxLength: 40 },
);

/** Everything that a subscriber gets from a place on. */
async function readAll(stage: WatchStage, place: StreamCursor): Promise<string[]> {
  const ids: string[] = [];
  for (let cursor = place, more = true; more; ) {
    const batch = await readStream(stage.context, cursor, wf, 3);
    ids.push(...batch.logs.map((entry) => String((entry.cursor as StreamCursor).id)));
    cursor = batch.cursor as StreamCursor;
    more = batch.more;
  }
  return ids;
}

/**
 * Runs a schedule. The second process begins before a step. Only settleMs counts, so that nothing else hides an
 * omission.
 */
async function played(schedule: readonly Step[], secondAt: number): Promise<{ stage: WatchStage; a: Watch; b: Watch }> {
  const stage = new WatchStage({ lateMs: 2_000, lateEveryMs: 1 });
  await stage.begin();
  const a = stage.watch;
  let b: Watch | undefined;
  for (const [index, step] of schedule.entries()) {
    if (index === secondAt % schedule.length) {
      b = stage.newWatch();
      await b.begin();
    }
    if (step.kind === 'show') stage.show(step.agoMs);
    else if (step.kind === 'pass') stage.now += step.ms;
    else if (step.kind === 'a') await a.look();
    else await b?.look();
  }
  if (b === undefined) throw new Error('the second process has not begun');
  await a.look();
  await b.look();
  return { stage, a, b };
}

describe('a resume of MongoDB', () => {
  it('a resume in another process omits nothing, whichever log the first process delivered last (property)', async () => {
    await fc.assert(
      fc.asyncProperty(steps, fc.nat(), async (schedule, secondAt) => {
        const { stage, a, b } = await played(schedule, secondAt);
        const delivered = listedBy(a);
        expect(delivered.toSorted()).to.deep.equal(stage.visible.toSorted());
        for (const [index, id] of delivered.entries()) {
          const place = await new Resume(b, stage.context).afterLog(id);
          if (place === undefined) throw new Error('the log is stored');
          const rest = await readAll(stage, place);
          expect(rest).to.include.members(delivered.slice(index + 1));
          expect(rest).to.not.include(id);
          expect(new Set(rest).size).to.equal(rest.length);
        }
      }),
      { numRuns: runs },
    );
  });

  it('a resume in another process omits nothing after a position of the first process (property)', async () => {
    await fc.assert(
      fc.asyncProperty(steps, fc.nat(), async (schedule, secondAt) => {
        const { stage, a, b } = await played(schedule, secondAt);
        const delivered = listedBy(a);
        for (let n = 0; n < delivered.length; n++) {
          const rest = await readAll(stage, await new Resume(b, stage.context).afterTime(a.timeBefore(n)));
          expect(rest).to.include.members(delivered.slice(n));
          expect(new Set(rest).size).to.equal(rest.length);
        }
      }),
      { numRuns: runs },
    );
  });

  it('a resume in the same process omits nothing, and repeats no log with a lower id of an earlier look (property)', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (schedule) => {
        const { stage, a } = await played(schedule, 0);
        const delivered = listedBy(a);
        for (const [index, id] of delivered.entries()) {
          const place = await new Resume(a, stage.context).afterLog(id);
          if (place === undefined) throw new Error('the log is stored');
          const rest = await readAll(stage, place);
          expect(rest).to.include.members(delivered.slice(index + 1));
          const time = a.list.arrivals.timeOf(index);
          // Before it, only what has a higher id: another process may not have delivered that.
          const repeated = delivered.filter((other, i) => i < index && a.list.arrivals.timeOf(i) < time && other < id);
          for (const other of repeated) expect(rest).to.not.include(other);
        }
      }),
      { numRuns: runs },
    );
  });

  it('a position is recognised by its syntax and its workflow', () => {
    const filter = { workspaceID: 'ws', workflowID: 'wf' };
    const previous = '6931a7f00000000000000001';
    const position = { ms: Number.parseInt('mx1cjamg', 36), list: '2m0cx9b4qr', n: 10, previous };
    const id = encodePosition(position, filter);
    expect(id).to.match(/^p-mx1cjamg-2m0cx9b4qr-a-6931a7f00000000000000001-[0-9a-f]{8}$/);
    expect(decodePosition(id, filter)).to.deep.equal(position);
    for (const text of [
      '',
      'p',
      'p-',
      'p-1-1',
      'p-1-1-1-0',
      'P-1-1-1-0',
      'p-1-1-é',
      `${id}0`,
      id.slice(0, -1),
      id.replace('-a-', '-b-'),
    ]) {
      expect(decodePosition(text, filter), text).to.equal(undefined);
    }
    for (const other of [{}, { ...filter, workflowID: 'other' }, { ...filter, workspaceID: 'other' }]) {
      expect(decodePosition(id, other)).to.equal(undefined);
    }
  });
});
