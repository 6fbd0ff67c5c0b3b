import fc from 'fast-check';
import { type FleetModel, FleetStage, type FleetStep, fleetSteps } from './support/fleet-schedule.ts';
import { MemoryFleet } from './support/memory-fleet.ts';

// Printed, so that a failure can be repeated: SSE_SEED=… npx mocha …/model-relay.test.ts
const seed = Number(process.env.SSE_SEED ?? 20_261_129);
const runs = Number(process.env.SSE_RUNS ?? 100);

describe(`whatever happens to three instances, their relay and their upstream (seed ${seed}, ${runs} schedules each)`, () => {
  const check = async (model: FleetModel, numRuns = runs) => {
    const property = fc.asyncProperty(fleetSteps, (schedule: FleetStep[]) =>
      new FleetStage(model, new MemoryFleet()).run(schedule),
    );
    await fc.assert(property, { seed, numRuns });
  };

  for (const join of ['fresh', 'live'] as const) {
    it(`every browser gets every event once and in order, and one instance reads in the end (join: '${join}')`, () =>
      check({ join }));

    it(`an assigned id names the same event in all instances, and no event is lost or repeated without a gap (join: '${join}')`, () =>
      check({ join, ids: 'assign' }));
  }

  describe('a leader whose place in the log was trimmed, while its browsers were slow, keeps no lease', () => {
    const wait: FleetStep = { do: 'wait', ms: 20 };
    const emit = (count: number): FleetStep[] => [
      { do: 'emit', count, style: 0 },
      { do: 'arrive', which: 0, part: 100, slice: 20 },
      wait,
    ];
    const slow: FleetStep[] = [
      wait,
      { do: 'join', which: 0, instance: 1 },
      wait,
      ...emit(1),
      { do: 'slow', which: 0, instance: 0 },
      ...emit(1),
      ...emit(4),
    ];
    const trimmed: FleetStep[] = [{ do: 'trim', keep: 1 }, { do: 'recover', which: 0, instance: 0 }, wait];
    const isUp = (up: boolean): FleetStep[] => [{ do: 'relay', instance: 1, isUp: up }, wait];

    for (const ids of ['upstream', 'assign'] as const) {
      const run = (schedule: FleetStep[]) => new FleetStage({ join: 'live', ids }, new MemoryFleet()).run(schedule);

      it(`one instance reads for all after the log was trimmed past a leader with slow browsers (ids: '${ids}')`, () =>
        run([...slow, ...trimmed]));

      it(`one instance reads for all after the log was trimmed to nothing and another instance has read alone (ids: '${ids}')`, () =>
        run([
          ...slow,
          ...isUp(false),
          { do: 'cut', which: 0, part: 100, how: 'rst' },
          wait,
          ...trimmed,
          ...isUp(true),
        ]));
    }
  });

  describe('where the upstream has no ids', () => {
    for (const join of ['fresh', 'live'] as const)
      it(`an event of an upstream without ids is lost or repeated only with a gap (join: '${join}')`, () =>
        check({ join, ids: 'assign', hasIds: false }, Math.ceil(runs / 2)));

    it('without ids, a browser whose first event was not yet in the log gets a gap when it moves to the shared feed', () =>
      new FleetStage({ join: 'fresh', ids: 'assign', hasIds: false }, new MemoryFleet()).run([
        { do: 'expire' },
        { do: 'cut', which: 0, part: 0, how: 'fin' },
        { do: 'wait', ms: 20 },
        { do: 'wait', ms: 20 },
        { do: 'join', which: 0, instance: 0 },
        { do: 'emit', count: 1, style: 0 },
        { do: 'emit', count: 1, style: 1 },
        { do: 'arrive', which: 7, part: 34, slice: 1 },
        { do: 'wait', ms: 1_100 },
        { do: 'wait', ms: 1_100 },
        { do: 'arrive', which: 0, part: 8, slice: 1 },
        { do: 'leave', which: 0, instance: 0 },
        { do: 'cut', which: 0, part: 29, how: 'fin' },
      ]));
  });
});
