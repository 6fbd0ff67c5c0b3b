import fc from 'fast-check';
import type { SseEvent } from '../src/types.ts';
import { Stage, type Step, steps } from './support/schedule.ts';

// Printed, so that a failure can be repeated: SSE_SEED=… npx mocha …/model.test.ts
const seed = Number(process.env.SSE_SEED ?? 20_261_128);
const runs = Number(process.env.SSE_RUNS ?? 200);

let calls = 0;

/** Never returns the same twice; at once, by a promise, or after a millisecond, but faster than events come. */
function stamp({ data }: SseEvent): SseEvent | Promise<SseEvent> {
  const event = { data, event: `call ${++calls}` };
  const how = Number(/\d+/.exec(data));
  if (how % 3 === 0) return event;
  return new Promise((resolve) => (how % 3 === 1 ? resolve(event) : setTimeout(() => resolve(event), 1)));
}

const cases = {
  'a feed each': false,
  'a shared feed that browsers join at the tip': { lingerMs: 50, join: 'live' },
  'a shared feed that browsers join afresh': { lingerMs: 50 },
  'a shared feed whose ring holds two events': { lingerMs: 50, replay: { maxEvents: 2 } },
  'a shared feed with share.transform': { lingerMs: 50, replay: { maxEvents: 4 }, transform: stamp },
} as const;

describe(`whatever happens, every browser gets every event once and in order (seed ${seed}, ${runs} schedules each)`, () => {
  for (const [name, share] of Object.entries(cases)) {
    it(`every browser gets every event once and in order: ${name}`, async () => {
      const property = fc.asyncProperty(steps, fc.boolean(), (schedule: Step[], single) =>
        new Stage(share, single).run(schedule),
      );
      await fc.assert(property, { seed, numRuns: runs });
    });
  }
});
