import { expect } from 'chai';
import fc from 'fast-check';
import type { LogFilter } from '../../src/index.ts';
import { log, logs } from '../support/service.ts';
import { Follower, resumed } from './follower.ts';
import type { Stage } from './stage.ts';

const wf: LogFilter = { workspaceID: 'ws', workflowID: 'wf' };
/** Schedules per store. */
const runs = Number(process.env.SSE_RUNS ?? 4);

type Step =
  | { readonly kind: 'write' | 'late' | 'unordered'; readonly count: number }
  | { readonly kind: 'read'; readonly count: number }
  | { readonly kind: 'cut' | 'restart' };

const count = fc.integer({ min: 1, max: 6 });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constantFrom('write', 'late', 'unordered'), count }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('read' as const), count }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('cut', 'restart') }) },
) as fc.Arbitrary<Step>;

/** Writers, reads, cuts and restarts in random order: the union of all connections is what was written. */
export async function schedules(stage: Stage): Promise<void> {
  let run = 0;
  const follow = async (steps: readonly Step[]) => {
    // Another workflow for each schedule, so that one database serves all.
    const filter = { ...wf, workflowID: `wf${run++}` };
    let store = await stage.open();
    let follower = new Follower(store, filter, await store.end(filter));
    const connections = [follower];
    let written = 0;
    const next = (many: number) => {
      const documents = logs(many, `${written}-`, filter as { workflowID: string });
      written += many;
      return documents;
    };
    const expected: string[] = [];
    for (const { kind, ...rest } of steps) {
      const many = 'count' in rest ? rest.count : 0;
      if (kind === 'read') {
        for (let reads = 0; reads < many && (await follower.read()); reads++);
        continue;
      }
      if (kind === 'cut' || kind === 'restart') {
        const id = follower.lastId;
        if (kind === 'restart') {
          await store.close();
          store = await stage.open();
        }
        follower = await resumed(store, filter, id);
        connections.push(follower);
        continue;
      }
      const documents = next(many);
      expected.push(...documents.map(({ message }) => message));
      if (kind === 'write') await stage.write(documents);
      else await (kind === 'late' ? stage.writeLate(documents) : stage.writeUnordered(documents));
    }
    await stage.write([log('end', filter as { workflowID: string })]);
    const before = new Set(connections.slice(0, -1).flatMap(({ messages }) => messages));
    await follower.until('end', ...expected.filter((message) => !before.has(message)));
    for (const { messages, gaps } of connections) {
      expect(new Set(messages).size).to.equal(messages.length);
      expect(gaps).to.deep.equal([]);
    }
    const received = new Set(connections.flatMap(({ messages }) => messages));
    expect([...received].toSorted()).to.deep.equal([...expected, 'end'].toSorted());
    await store.close();
  };
  const schedule = fc.array(step, { minLength: 4, maxLength: 20 });
  await fc.assert(fc.asyncProperty(schedule, follow), { numRuns: runs });
}
