import { setTimeout as sleep } from 'node:timers/promises';
import type { UpstreamServer } from '../../faults/support/upstream.ts';
import type { Fleet, FleetUpstream } from './fleet.ts';

export type ScaleFleet = Fleet<UpstreamServer>;

/** One thing that happens to the fleet. */
export interface Step {
  /** What happens, for the table and the chart. */
  readonly what: string;
  run(fleet: ScaleFleet): Promise<void>;
}

const shared = (fleet: ScaleFleet) => allInMode(fleet, 'shared');

/** Resolves when limits and feeds of all instances that run are in this mode. */
export async function allInMode(fleet: Fleet<FleetUpstream>, mode: 'shared' | 'local'): Promise<void> {
  while (!(await fleet.running()).every(({ modes }) => modes.every((it) => it === mode))) await sleep(50);
}

/** Index of an instance that has an upstream connection. */
export async function reader(fleet: Fleet<FleetUpstream>): Promise<number> {
  for (;;) {
    const found = (await fleet.running()).find(({ upstreamConnections }) => upstreamConnections > 0);
    if (found) return found.index;
    await sleep(20);
  }
}

let killed = 0;

export const schedule: readonly Step[] = [
  { what: 'nothing', run: () => sleep(2_000) },
  {
    what: 'the instance that reads the upstream is killed (SIGKILL)',
    async run(fleet) {
      killed = await reader(fleet);
      await fleet.kill(killed);
    },
  },
  { what: 'it starts again', run: (fleet) => fleet.restart(killed) },
  {
    what: 'Redis is killed (SIGKILL)',
    async run(fleet) {
      await fleet.redis.kill();
      await allInMode(fleet, 'local');
    },
  },
  {
    what: 'Redis starts again, without data',
    async run(fleet) {
      await fleet.redis.restartEmpty();
      await shared(fleet);
    },
  },
  {
    what: 'Redis is stopped for 3 s (SIGSTOP)',
    async run(fleet) {
      fleet.redis.pause();
      await sleep(3_000);
      fleet.redis.resume();
      await shared(fleet);
    },
  },
  {
    what: 'Redis loses its data (FLUSHALL)',
    run: async (fleet) => void (await fleet.redis.command('FLUSHALL')),
  },
  {
    what: 'the upstream is killed, and starts again',
    async run(fleet) {
      await fleet.upstream.kill();
      await fleet.upstream.restart();
      await fleet.upstream.run(fleet.options.eventsPerSecond);
    },
  },
  { what: 'rolling restart of all instances', run: (fleet) => fleet.rollingRestart() },
  {
    what: 'nginx reloads its configuration, and cuts all streams',
    async run(fleet) {
      const opens = fleet.viewers.map((viewer) => viewer.opens);
      fleet.nginx.reload();
      while (!fleet.viewers.every((viewer, index) => viewer.opens > (opens[index] as number))) await sleep(50);
    },
  },
];
