import { randomBytes } from 'node:crypto';
import { type Document, ObjectId } from 'mongodb';
import type { LogDocument } from '../../src/index.ts';
import { MongoLogStore, type MongoLogStoreOptions } from '../../src/stores/mongo/index.ts';
import { type MongoOptions, type ScriptedMongo, startMongo } from '../mongo-server/server.ts';

export const namespace = 'etl.logs';

const servers: ScriptedMongo[] = [];
const stores: MongoLogStore[] = [];

/** Starts a scripted server; `stopMongos` stops it. */
export async function mongoServer(options: MongoOptions = {}): Promise<ScriptedMongo> {
  const server = await startMongo(options);
  servers.push(server);
  return server;
}

/** A store on a server; `stopMongos` closes it. */
export function mongoStore(server: ScriptedMongo, options: Partial<MongoLogStoreOptions> = {}): MongoLogStore {
  const store = new MongoLogStore({ server: server.uri, database: 'etl', collection: 'logs', pollMs: 20, ...options });
  stores.push(store);
  return store;
}

export async function stopMongos(): Promise<void> {
  await Promise.all(stores.splice(0).map((store) => store.close()));
  await Promise.all(servers.splice(0).map((server) => server.stop()));
}

/** An ObjectId that some writer has made at this time: those of one second are in no order. */
export function idAt(ms: number): ObjectId {
  const seconds = Math.floor(ms / 1_000)
    .toString(16)
    .padStart(8, '0');
  return new ObjectId(seconds + randomBytes(8).toString('hex'));
}

/** A log as PyMODM writes it. */
export function pymodm(log: LogDocument, _id: ObjectId = new ObjectId()): Document {
  return { _id, _cls: 'etl.models.Log', ...log, time: new Date(log.meta.timestamp) };
}
