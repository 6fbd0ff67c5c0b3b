import { randomBytes } from 'node:crypto';
import { type Db, MongoClient, ObjectId } from 'mongodb';
import { createClient } from 'redis';
import { isThere } from '../../../../scripts/needs.mjs';
import { RedisServer } from '../../../sse-redis/test/support/redis-server.ts';
import type { LogDocument } from '../../src/index.ts';
import { MongoLogStore, type MongoLogStoreOptions, RedisWakeups } from '../../src/stores/mongo/index.ts';
import { startMongo } from '../mongo-server/server.ts';
import { idAt, pymodm } from '../support/mongo.ts';
import type { Stage, Subject } from './stage.ts';

/** Milliseconds by which the ObjectIds of `writeLate` are older: less than `settleMs`. */
const lateByMs = 1_000;

/** A machine that stalls for more than a second makes `writeLate` later than that. */
const lateEveryMs = 5_000;

/** What surrounds a stage. */
interface Surroundings {
  /** Options of each store. */
  readonly options?: () => Partial<MongoLogStoreOptions>;
  /** Called after a document was inserted. */
  readonly onInsert?: (log: LogDocument) => Promise<unknown>;
  /** Called when the stage is closed. */
  readonly stop?: () => Promise<unknown>;
}

/** A stage in a new database of a server. */
async function mongoStage(uri: string, { options, onInsert, stop }: Surroundings): Promise<Stage> {
  const database = `contract_${randomBytes(6).toString('hex')}`;
  const client = new MongoClient(uri);
  const db: Db = client.db(database);
  const stores: MongoLogStore[] = [];
  const newStore = () =>
    new MongoLogStore({ server: uri, database, collection: 'logs', pollMs: 20, lateEveryMs, ...options?.() });
  const setUp = newStore();
  await setUp.ensureIndexes();
  await setUp.close();
  const insert = async (logs: readonly LogDocument[], newId = () => new ObjectId()) => {
    for (const log of logs) {
      await db.collection('logs').insertOne(pymodm(log, newId()));
      await onInsert?.(log);
    }
  };
  return {
    async open() {
      const store = newStore();
      stores.push(store);
      return store;
    },
    write: (logs) => insert(logs),
    writeLate: (logs) => insert(logs, () => idAt(Date.now() - lateByMs)),
    writeUnordered: (logs) => insert(logs, () => idAt(Date.now())),
    async deleteOldest(count) {
      const oldest = await db.collection('logs').find().sort({ _id: 1 }).limit(count).toArray();
      await db.collection('logs').deleteMany({ _id: { $in: oldest.map(({ _id }) => _id) } });
    },
    async close() {
      for (const store of stores) await store.close();
      await db.dropDatabase().catch(() => {});
      await client.close();
      await stop?.();
    },
  };
}

/** The scripted server of the tests. */
function scripted(name: string, replicaSet: string | false): Subject {
  return {
    name: `MongoDB by ${name} (scripted server)`,
    missing: () => undefined,
    async stage() {
      const server = await startMongo({ replicaSet, recordCommands: false });
      return mongoStage(server.uri, { stop: () => server.stop() });
    },
  };
}

/** Polls so rare that the checks would take minutes without the messages. */
const woken: Subject = {
  name: 'MongoDB by polling, woken by Redis (scripted server)',
  missing: () => (isThere('redis') ? undefined : 'not run here, no redis-server'),
  async stage() {
    const [server, redis] = await Promise.all([
      startMongo({ replicaSet: false, recordCommands: false }),
      RedisServer.start(),
    ]);
    const publisher = createClient({ url: redis.url });
    await publisher.connect();
    return mongoStage(server.uri, {
      options: () => ({ pollMs: 20_000, wakeups: new RedisWakeups({ url: redis.url }) }),
      onInsert: ({ meta }) => publisher.publish(`logs:${meta.workspaceID}:${meta.workflowID}`, '{"not":"read"}'),
      stop: async () => {
        publisher.destroy();
        await Promise.all([server.stop(), redis.close()]);
      },
    });
  },
};

/** A real server, if the environment names one. */
function real(name: string, options: Partial<MongoLogStoreOptions>): Subject {
  const uri = process.env.MONGODB_URI;
  return {
    name: `MongoDB by ${name} (MONGODB_URI)`,
    missing: () => (uri ? undefined : 'not run here, no server'),
    stage: () => mongoStage(String(uri), { options: () => options }),
  };
}

export const mongo: readonly Subject[] = [
  scripted('change stream', 'rs0'),
  scripted('polling', false),
  woken,
  real('change stream', {}),
  real('polling', { changeStream: false }),
];
