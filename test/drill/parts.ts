import { setTimeout as sleep } from 'node:timers/promises';
import type { Fleet } from '../scale/fleet/fleet.ts';
import { allInMode, reader } from '../scale/fleet/schedule.ts';
import type { Counts } from './browser-counts.ts';
import type { Database, MongoServer, SqliteFile } from './database.ts';
import type { LogService } from './log-service.ts';
import { fillStorage, wipeStorage } from './pages.ts';

export type Drilled<Store extends Database = Database> = Fleet<LogService<Store>>;

/** Something that is destroyed and restored: one row of the table. */
export interface Step<Store extends Database = Database> {
  readonly what: string;
  /** Resolves with what browsers of its own have lost, if it opens some. */
  run(fleet: Drilled<Store>): Promise<Partial<Counts> | undefined>;
}

/** A part of the system: its name for `--only`, and what happens to it. */
export interface Part<Store extends Database = Database> {
  readonly name: string;
  readonly steps: readonly Step<Store>[];
}

/** How long a part stays away. A platform needs about that to start it again. */
const awayMs = 3_000;
/** How old a backup is when it is restored. */
const backupAgeMs = 4_000;

async function saveAndWait(fleet: Drilled<SqliteFile | MongoServer>): Promise<void> {
  await fleet.upstream.database.save();
  await sleep(backupAgeMs);
}

/** Parts that are the same whatever the database is. */
const common: readonly Part[] = [
  {
    name: 'bff',
    steps: [
      {
        what: 'one BFF, the one that reads the log service: killed, back after 3 s',
        async run(fleet) {
          const index = await reader(fleet);
          await fleet.kill(index);
          await sleep(awayMs);
          await fleet.restart(index);
        },
      },
      {
        what: 'all BFFs: killed at once, back after 3 s',
        async run(fleet) {
          await Promise.all(fleet.indexes.map((index) => fleet.kill(index)));
          await sleep(awayMs);
          await Promise.all(fleet.indexes.map((index) => fleet.restart(index)));
        },
      },
      {
        what: 'all BFFs: restarted one after another (SIGTERM)',
        async run(fleet) {
          await fleet.rollingRestart();
        },
      },
    ],
  },
  {
    name: 'log-service',
    steps: [
      {
        what: 'log service: killed, back after 3 s',
        async run({ upstream }) {
          await upstream.kill();
          await sleep(awayMs);
          await upstream.restart();
        },
      },
      {
        what: 'log service: stopped for 10 s (SIGSTOP)',
        async run({ upstream }) {
          upstream.signal('SIGSTOP');
          await sleep(10_000);
          upstream.signal('SIGCONT');
        },
      },
    ],
  },
  {
    name: 'redis',
    steps: [
      {
        what: 'Redis: killed, back after 3 s without data',
        async run(fleet) {
          await fleet.redis.kill();
          await sleep(awayMs);
          await fleet.redis.restartEmpty();
          await allInMode(fleet, 'shared');
        },
      },
      {
        what: 'Redis: stopped for 3 s (SIGSTOP)',
        async run(fleet) {
          fleet.redis.pause();
          await sleep(awayMs);
          fleet.redis.resume();
          await allInMode(fleet, 'shared');
        },
      },
    ],
  },
  {
    name: 'nginx',
    steps: [
      {
        what: 'nginx: killed with its workers, back after 3 s',
        async run({ nginx }) {
          await nginx.kill();
          await sleep(awayMs);
          await nginx.restart();
        },
      },
      {
        what: 'nginx: reloaded, its old workers end their streams after 0.2 s',
        async run(fleet) {
          const opens = fleet.viewers.map((viewer) => viewer.opens);
          fleet.nginx.reload();
          while (!fleet.viewers.every((viewer, index) => viewer.opens > (opens[index] as number))) await sleep(20);
        },
      },
    ],
  },
  {
    name: 'browser-storage',
    steps: [
      { what: 'storage of 20 pages with sse-client: wiped, the pages are reloaded', run: wipeStorage },
      { what: 'storage of 20 pages with sse-client: full, the pages are reloaded', run: fillStorage },
    ],
  },
];

const sqlite: Part<SqliteFile> = {
  name: 'database',
  steps: [
    {
      what: 'database file: replaced by a backup that is 4 s old, while everything runs',
      async run(fleet) {
        await saveAndWait(fleet);
        await fleet.upstream.database.restore();
      },
    },
    {
      what: 'database file: the same, with pipeline and log service stopped meanwhile',
      async run(fleet) {
        const { upstream } = fleet;
        await saveAndWait(fleet);
        await upstream.stopPipeline();
        await upstream.kill();
        await upstream.database.restore();
        await upstream.restart();
        await upstream.resumePipeline();
      },
    },
    {
      what: 'database file: deleted, while everything runs',
      async run({ upstream }) {
        await upstream.database.remove();
      },
    },
  ],
};

const mongodb: Part<MongoServer> = {
  name: 'mongodb',
  steps: [
    {
      what: 'MongoDB server: killed, back after 3 s',
      async run({ upstream: { database } }) {
        await database.kill();
        await sleep(awayMs);
        await database.restart();
      },
    },
    {
      what: 'MongoDB server: killed, back with a backup that is 4 s old',
      async run(fleet) {
        const { database } = fleet.upstream;
        await saveAndWait(fleet);
        await database.kill();
        await database.restore();
        await database.restart();
      },
    },
    ...(common.find(({ name }) => name === 'log-service') as Part).steps.slice(0, 1).map((step) => ({
      ...step,
      what: `${step.what} (logs in MongoDB)`,
    })),
  ],
};

/** The parts by the database that they are run with. */
export const parts = { sqlite: [...common, sqlite], mongodb: [mongodb] } as const;

export const partNames: readonly string[] = [...parts.sqlite, ...parts.mongodb].map(({ name }) => name);
