import fc from 'fast-check';
import { IdentityStage, type IdentityStep, identitySteps } from './support/identity-model.ts';

// Printed, so that a failure can be repeated: SSE_SEED=… npx mocha …/model-identity.test.ts
const seed = Number(process.env.SSE_SEED ?? 20_261_128);
const runs = Number(process.env.SSE_RUNS ?? 150);

const cases = {
  'joined at the tip': { lingerMs: 50, join: 'live' },
  'joined afresh': { lingerMs: 50, join: 'fresh' },
  'with a ring of two events': { lingerMs: 50, join: 'live', replay: { maxEvents: 2 } },
} as const;

describe(`identities of shared feeds under ${runs} schedules (seed ${seed}) [R51]`, () => {
  for (const [name, share] of Object.entries(cases)) {
    it(`sends no browser an event of an identity that it never had, and each event once: ${name}`, async () => {
      const property = fc.asyncProperty(identitySteps, (schedule: IdentityStep[]) =>
        new IdentityStage(share).run(schedule),
      );
      await fc.assert(property, { seed, numRuns: runs });
    });
  }
});
