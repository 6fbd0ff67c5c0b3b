import fc from 'fast-check';
import { Stage, type Step, steps } from './support/schedule.ts';

// Printed, so that a failure can be had again: SSE_SEED=… npx mocha …/model.test.ts
const seed = Number(process.env.SSE_SEED ?? 20_261_128);
const runs = Number(process.env.SSE_RUNS ?? 200);

const cases = {
  'a feed each': false,
  'a shared feed that browsers join at the tip': { lingerMs: 50, join: 'live' },
  'a shared feed that browsers join afresh': { lingerMs: 50 },
  'a shared feed whose ring holds two events': { lingerMs: 50, replay: { maxEvents: 2 } },
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
