import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import fc from 'fast-check';
import { stopMongos } from './support/mongo.ts';
import { Attack, type Step, steps } from './support/mongo-attack.ts';
import { stopServices } from './support/service.ts';
import { leaveStreams } from './support/sse.ts';

/** Schedules per way of finding logs. */
const runs = Number(process.env.SSE_RUNS ?? 4);
/** Far beyond what any schedule takes, so that a log that never comes has a name. */
const maxSettleMs = 40_000;

const writes = ['write', 'late', 'unordered'] as const;
const faults = Object.keys(steps).filter((name) => !(writes as readonly string[]).includes(name)) as Step['kind'][];
const step = fc.record({
  kind: fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...writes) },
    { weight: 4, arbitrary: fc.constantFrom(...faults) },
  ),
  count: fc.integer({ min: 1, max: 5 }),
  ms: fc.integer({ min: 1, max: 300 }),
  who: fc.nat({ max: 9 }),
});

async function withinTime(attack: Attack): Promise<void> {
  const given = new AbortController();
  const late = delay(maxSettleMs, undefined, { signal: given.signal }).then(async () => {
    throw new Error(
      `never received: ${JSON.stringify(attack.readers.map((reader) => [attack.missing(reader), reader.visits.length]))}`,
    );
  });
  await Promise.race([attack.settle(), late]).finally(() => given.abort());
  await late.catch(() => {});
}

describe('the log service over MongoDB while random parts fail', () => {
  const end = async () => {
    leaveStreams();
    await stopServices();
    await stopMongos();
  };
  afterEach(end);

  for (const [how, replicaSet] of [
    ['change streams', 'rs0'],
    ['polls', false],
  ] as const) {
    it(`${how} lose no log and repeat none on one connection, without a gap (property)`, async () => {
      const schedule = fc.array(step, { minLength: 5, maxLength: 30 });
      const attack = async (all: readonly Step[]) => {
        const it = await Attack.start(replicaSet);
        for (const one of all) await it.step(one);
        await withinTime(it);
        for (const reader of it.readers) {
          for (const { messages, text } of reader.visits) {
            expect(text).not.to.include('sse-proxy:gap');
            expect(new Set(messages).size).to.equal(messages.length);
          }
        }
        await it.close();
        await end();
      };
      await fc.assert(fc.asyncProperty(schedule, attack), { numRuns: runs, endOnFailure: true });
    });
  }
});
