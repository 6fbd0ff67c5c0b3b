import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { needs } from '../../../test/support/needs.ts';
import {
  type FleetModel,
  FleetStage,
  type FleetStep,
  fleetSteps,
} from '../../sse-proxy/test/support/fleet-schedule.ts';
import { RedisFleet } from './support/redis-fleet.ts';
import { RedisServer } from './support/redis-server.ts';

// Printed, so that a failure can be repeated: SSE_SEED=… npx mocha …/model.test.ts. Time is real: it may take several
// runs.
const seed = Number(process.env.SSE_SEED ?? 20_261_129);
const runs = Number(process.env.SSE_RUNS ?? 4);

describe(`whatever happens to three instances, one Redis and their upstream (seed ${seed}, ${runs} schedules each)`, () => {
  needs('redis');
  let redis: RedisServer;
  let fleets = 0;
  before(async () => {
    redis = await RedisServer.start();
  });
  after(() => redis?.close());

  /** Runs schedules side by side, since most of their time is waiting. */
  async function check(model: FleetModel): Promise<void> {
    const schedules = fc.sample(fleetSteps, { seed, numRuns: runs });
    const outcomes = await Promise.allSettled(schedules.map((schedule) => run(model, schedule)));
    for (const [index, outcome] of outcomes.entries()) {
      if (outcome.status === 'fulfilled') continue;
      const steps = JSON.stringify(schedules[index]);
      throw new Error(`schedule ${index} of seed ${seed}: ${outcome.reason}\n${steps}`, { cause: outcome.reason });
    }
  }

  async function run(model: FleetModel, schedule: FleetStep[]): Promise<void> {
    const fleet = await RedisFleet.start(redis, `fleet${++fleets}:`);
    await new FleetStage(model, fleet).run(schedule);
  }

  it('every browser gets every event once and in order', () => check({ join: 'live' }));

  it('an assigned id names the same event in all instances, and no event is lost or repeated without a gap', () =>
    check({ join: 'fresh', ids: 'assign' }));

  it('an upstream without ids: no event is lost or repeated without a gap while Redis is killed and comes back without its data', async () => {
    const checked = check({ join: 'live', ids: 'assign', hasIds: false });
    // Not a wait: the fault comes in the middle of the schedules, and lasts half a second.
    await sleep(700);
    await redis.kill();
    await sleep(500);
    await redis.restartEmpty();
    await checked;
  });
});
