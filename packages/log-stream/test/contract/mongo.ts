import { randomBytes } from 'node:crypto';
import { type Db, MongoClient, ObjectId } from 'mongodb';
import type { LogDocument } from '../../src/index.ts';
import { MongoLogStore, type MongoLogStoreOptions } from '../../src/stores/mongo/index.ts';
import { startMongo } from '../mongo-server/server.ts';
import type { Stage, Subject } from './stage.ts';

/** Milliseconds by which the ObjectIds of `writeLate` are older: less than `settleMs`. */
const lateByMs = 1_000;

/** An ObjectId of another writer's process: in one second, those of several writers are in no order. */
function idAt(ms: number): ObjectId {
  const seconds = Math.floor(ms / 1_000)
    .toString(16)
    .padStart(8, '0');
  return new ObjectId(seconds + randomBytes(8).toString('hex'));
}

/** A document as PyMODM writes it. */
function documentOf(_id: ObjectId, log: LogDocument) {
  return { _id, _cls: 'etl.models.Log', ...log, time: new Date(log.meta.timestamp) };
}

/** A stage on a server; `options` are those of the stores. */
export async function mongoStage(
  uri: string,
  options: Partial<MongoLogStoreOptions>,
  stop: () => Promise<void>,
): Promise<Stage> {
  const database = `contract_${randomBytes(6).toString('hex')}`;
  const client = new MongoClient(uri);
  const db: Db = client.db(database);
  const stores: MongoLogStore[] = [];
  const settings = { server: uri, database, collection: 'logs', pollMs: 20, ...options };
  const setUp = new MongoLogStore(settings);
  await setUp.ensureIndexes();
  await setUp.close();
  const insert = async (documents: ReturnType<typeof documentOf>[]) => {
    for (const document of documents) await db.collection('logs').insertOne(document);
  };
  return {
    async open() {
      const store = new MongoLogStore(settings);
      stores.push(store);
      return store;
    },
    write: (logs) => insert(logs.map((log) => documentOf(new ObjectId(), log))),
    writeLate: (logs) => insert(logs.map((log) => documentOf(idAt(Date.now() - lateByMs), log))),
    writeUnordered: (logs) => insert(logs.map((log) => documentOf(idAt(Date.now()), log))),
    async deleteOldest(count) {
      const oldest = await db.collection('logs').find().sort({ _id: 1 }).limit(count).toArray();
      await db.collection('logs').deleteMany({ _id: { $in: oldest.map(({ _id }) => _id) } });
    },
    async close() {
      for (const store of stores) await store.close();
      await db.dropDatabase().catch(() => {});
      await client.close();
      await stop();
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
      return mongoStage(server.uri, {}, () => server.stop());
    },
  };
}

/** A real server, if the environment names one. */
function real(name: string, options: Partial<MongoLogStoreOptions>): Subject {
  const uri = process.env.MONGODB_URI;
  return {
    name: `MongoDB by ${name} (MONGODB_URI)`,
    missing: () => (uri ? undefined : 'not run here, no server'),
    stage: () => mongoStage(String(uri), options, async () => {}),
  };
}

export const mongo: readonly Subject[] = [
  scripted('change stream', 'rs0'),
  scripted('polling', false),
  real('change stream', {}),
  real('polling', { changeStream: false }),
];
