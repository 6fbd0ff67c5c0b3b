import fc from 'fast-check';
import { type FleetModel, FleetStage, type FleetStep, fleetSteps } from './support/fleet-schedule.ts';
import { MemoryFleet } from './support/memory-fleet.ts';

// Printed, so that a failure can be had again: SSE_SEED=… npx mocha …/model-relay.test.ts
const seed = Number(process.env.SSE_SEED ?? 20_261_129);
const runs = Number(process.env.SSE_RUNS ?? 100);

describe(`whatever happens to three instances, their relay and their upstream (seed ${seed}, ${runs} schedules each)`, () => {
  const check = async (model: FleetModel) => {
    const property = fc.asyncProperty(fleetSteps, (schedule: FleetStep[]) =>
      new FleetStage(model, new MemoryFleet()).run(schedule),
    );
    await fc.assert(property, { seed, numRuns: runs });
  };

  for (const join of ['fresh', 'live'] as const) {
    it(`every browser gets every event once and in order, and one instance reads in the end (join: '${join}')`, () =>
      check({ join }));

    it(`an assigned id names the same event in all instances, and no event is lost or repeated without a gap (join: '${join}')`, () =>
      check({ join, ids: 'assign' }));
  }

  // Without ids, a join connection and the live feed are matched by a guess.
  it('the same where the upstream has no ids, which may lose events with a gap (join: live)', () =>
    check({ join: 'live', ids: 'assign', hasIds: false }));
});
