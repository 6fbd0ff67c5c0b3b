import { type ChangeStream, type Collection, type Document, MongoClient } from 'mongodb';
import { cleaner, until } from '../../../sse-proxy/test/support/until.ts';
import { type MongoOptions, type ScriptedMongo, startMongo } from '../mongo-server/server.ts';

/** The collection of these tests: `database.collection`. */
export const namespace = 'etl.logs';

const { add, clean } = cleaner();

/** Ends what the functions of this file have started. Call it in `afterEach`. */
export { clean as endMongo };

export async function start(options: MongoOptions = {}): Promise<ScriptedMongo> {
  return add(await startMongo(options), (it) => it.stop());
}

export function connect(mongo: ScriptedMongo): MongoClient {
  return add(new MongoClient(mongo.uri, { serverSelectionTimeoutMS: 10_000 }), (it) => it.close());
}

export function collectionOf(mongo: ScriptedMongo): Collection {
  return connect(mongo).db('etl').collection('logs');
}

/** Starts a server whose documents have the numbers 0, 1, … as `_id` and `n`. */
export async function withDocuments(count: number) {
  const mongo = await start();
  const documents = Array.from({ length: count }, (_, n) => ({ _id: n, n, even: n % 2 === 0 }));
  await mongo.insert(namespace, documents);
  return { mongo, logs: collectionOf(mongo) };
}

/** Collects the events of a stream. */
export function collect(stream: ChangeStream): { events: Document[]; errors: Error[] } {
  const result = { events: [] as Document[], errors: [] as Error[] };
  add(stream, (it) => it.close());
  stream.on('change', (change) => result.events.push(change));
  stream.on('error', (error) => result.errors.push(error));
  return result;
}

/** Opens a change stream; resolves when the server has its cursor. */
export async function watch(mongo: ScriptedMongo, pipeline: Document[] = [], maxAwaitTimeMS = 50) {
  const stream = collectionOf(mongo).watch(pipeline, { maxAwaitTimeMS });
  const collected = collect(stream);
  await until(() => mongo.cursors === 1);
  return { ...collected, stream };
}

/** Makes the server a secondary for a while, and closes the connections, so that open cursors are lost, too. */
export function stepDown(mongo: ScriptedMongo): void {
  mongo.stepDown();
  mongo.disconnect();
  setTimeout(() => mongo.stepUp(), 50);
}

/** The commands with this name that the server has received. */
export function received(mongo: ScriptedMongo, name: string): Document[] {
  return mongo.commands.filter((it) => it.name === name).map(({ command }) => command);
}

/** The numbers of documents, or of the documents of events. */
export function numbers(documents: readonly Document[]): unknown[] {
  return documents.map(({ fullDocument, n }) => fullDocument?.n ?? n);
}
