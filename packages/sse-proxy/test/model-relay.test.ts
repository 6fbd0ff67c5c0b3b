import fc from 'fast-check';
import { FleetStage, type FleetStep, fleetSteps } from './support/fleet-schedule.ts';

// Printed, so that a failure can be had again: SSE_SEED=… npx mocha …/model-relay.test.ts
const seed = Number(process.env.SSE_SEED ?? 20_261_129);
const runs = Number(process.env.SSE_RUNS ?? 100);

describe(`whatever happens to three instances, their relay and their upstream (seed ${seed}, ${runs} schedules each)`, () => {
  for (const join of ['fresh', 'live'] as const) {
    it(`every browser gets every event once and in order, and one instance reads in the end (join: '${join}')`, async () => {
      const property = fc.asyncProperty(fleetSteps, (schedule: FleetStep[]) => new FleetStage(join).run(schedule));
      await fc.assert(property, { seed, numRuns: runs });
    });
  }
});
