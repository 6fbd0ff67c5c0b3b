import {
  type ChangeStream,
  type ChangeStreamDocument,
  type Collection,
  type Document,
  type MongoClient,
  ObjectId,
  type ResumeToken,
} from 'mongodb';
import type { LogFilter } from '../../log-store.ts';
import type { StoreClient } from './client.ts';
import { bsonOptions, projection, type RawDocument } from './document.ts';
import { LastFailure } from './last-failure.ts';
import { type Hex, lowest } from './object-ids.ts';
import { problemOfPlan } from './query-plan.ts';
import { type IdRange, indexKey, rangeOf, selectionOf } from './selection.ts';
import { badHintCodes, noAggregationCodes, noMajorityCodes } from './server-codes.ts';
import { type ServerKind, serverKind } from './server-kind.ts';
import { WorkflowIndex } from './workflow-index.ts';

/** Only the primary is sure to have everything that a change stream has delivered, and every working server has one. */
const readPreference = 'primary' as const;
/** Most ids and most documents of one command. */
const maxIds = 10_000;
const maxDocuments = 500;

/** A document and its ObjectId. */
export interface StoredDocument {
  readonly id: Hex;
  readonly raw: RawDocument;
}

/** The commands that the store sends. Nothing else here calls the driver, except to open and to close the client. */
export class LogCollection {
  readonly failure = new LastFailure();
  readonly #client: StoreClient;
  readonly #database: string | undefined;
  readonly #collectionName: string;
  readonly #index = new WorkflowIndex(() => this.#collection);
  readonly #maxTimeMS: number;
  /** The level of the read concern; undefined: that of the client. */
  #level: 'majority' | 'local' | undefined;

  /** @param maxTimeMs bound of one command on the server */
  constructor(client: StoreClient, database: string | undefined, name: string, maxTimeMs: number) {
    this.#client = client;
    this.#database = database;
    this.#collectionName = name;
    this.#maxTimeMS = maxTimeMs;
  }

  /** The name of the collection, after that of its database. */
  get name(): string {
    return this.#collection.namespace;
  }

  /** The collection of the current client. */
  get #collection(): Collection {
    const concern = this.#level && { readConcern: { level: this.#level } };
    const options = { ...bsonOptions, readPreference, ...concern };
    return this.#client.current.db(this.#database).collection(this.#collectionName, options);
  }

  /** The ids of a range in ascending order. The index covers this query. */
  async ids(filter: LogFilter, range: IdRange): Promise<Hex[]> {
    const found: Hex[] = [];
    for (let after = range.after; ; ) {
      const page = await this.#find(rangeOf(filter, { ...range, after }), filter, { _id: 1 }, 1, maxIds);
      for (const { id } of page) found.push(id);
      if (page.length < maxIds) return found;
      after = found.at(-1);
    }
  }

  /** The highest `limit` ids of a range, in descending order. */
  async idsBefore(filter: LogFilter, range: IdRange, limit: number): Promise<Hex[]> {
    const page = await this.#find(rangeOf(filter, range), filter, { _id: 1 }, -1, limit);
    return page.map(({ id }) => id);
  }

  async has(filter: LogFilter, id: Hex): Promise<boolean> {
    return (await this.#find(rangeOf(filter, { from: id, upTo: id }), filter, { _id: 1 }, 1, 1)).length > 0;
  }

  /** The documents with these ids, as far as they are still stored. */
  async documents(ids: readonly Hex[]): Promise<Map<Hex, RawDocument>> {
    const found = new Map<Hex, RawDocument>();
    for (let first = 0; first < ids.length; first += maxDocuments) {
      const some = ids.slice(first, first + maxDocuments);
      const selection = { _id: { $in: some.map((id) => new ObjectId(id)) } };
      for (const { id, raw } of await this.#find(selection, {}, projection, 1, some.length)) found.set(id, raw);
    }
    return found;
  }

  /** The documents of a range that may match the filter, at most `limit`. */
  async page(filter: LogFilter, range: IdRange, order: 'asc' | 'desc', limit: number): Promise<StoredDocument[]> {
    return this.#find(selectionOf(filter, range), filter, projection, order === 'asc' ? 1 : -1, limit);
  }

  /** The number of documents of a range that may match the filter. */
  async count(filter: LogFilter, range: IdRange): Promise<number> {
    const selection = selectionOf(filter, range);
    const options = { maxTimeMS: this.#maxTimeMS };
    try {
      return await this.#run((hint) => this.#collection.countDocuments(selection, { ...options, ...hint }), filter);
    } catch (error) {
      // Servers that only speak MongoDB's protocol may lack aggregations.
      if (!noAggregationCodes.includes((error as { code?: unknown }).code)) throw error;
      return this.#countIds(filter, range);
    }
  }

  async insert(documents: readonly Document[]): Promise<void> {
    await this.#run(() => this.#collection.insertMany([...documents]));
  }

  /** Opens a change stream of all inserts. */
  changes(resumeAfter: ResumeToken | undefined): ChangeStream {
    const pipeline = [{ $match: { operationType: 'insert' } }];
    return this.#collection.watch(pipeline, resumeAfter === undefined ? {} : { resumeAfter });
  }

  /** The next change; null if there is none yet. @throws NoResponse if the driver hangs */
  nextChange(stream: ChangeStream): Promise<ChangeStreamDocument | null> {
    return this.#client.run(() => stream.tryNext());
  }

  /** Queries what kind of server it is. Call it before all reads. */
  async describe(): Promise<ServerKind> {
    const kind = await this.#run(() => serverKind(this.#collection.db));
    // With `majority`, reads see everything that a change stream has delivered, and nothing that may be rolled back. A
    // standalone server has only one state.
    if (kind.hasChanges) this.#level = 'majority';
    return kind;
  }

  /** Milliseconds after which an index deletes documents; undefined if none does, or if the indexes can't be listed. */
  expiryMs(): Promise<number | undefined> {
    return this.#index.expiryMs();
  }

  /** Reads one id. */
  async probe(): Promise<void> {
    await this.idsBefore({}, {}, 1);
  }

  /** Creates the index that all reads of a workflow use, unless it exists under whatever name. */
  async ensureIndexes(): Promise<void> {
    if (await this.#run(() => this.#index.exists())) return;
    const create = (client: MongoClient) =>
      client
        .db(this.#database)
        .collection(this.#collectionName)
        .createIndex({ ...indexKey });
    await this.#index.create(() => this.#client.runLong(create));
  }

  /** True while this process creates the index. */
  get isIndexBuilding(): boolean {
    return this.#index.isBuilding;
  }

  /** What is wrong with the way in which the server reads the newest logs of a workflow, in words. */
  async problemOfPlan(filter: LogFilter): Promise<string | undefined> {
    try {
      const hint = await this.#index.hintOf(filter);
      const options = { projection: { _id: 1 }, sort: { _id: 1 } as const, limit: 1, ...hint };
      const cursor = this.#collection.find(rangeOf(filter, { from: lowest }), options);
      return problemOfPlan(await cursor.explain('queryPlanner'));
    } catch {
      // The user may have no right to explain a query.
      return undefined;
    }
  }

  /**
   * Falls back to the read concern `local`: reads may then return what a failover rolls back, which is better than
   * failing.
   */
  #readLocally(reason: string): void {
    if (this.#level !== 'majority') return;
    this.#level = 'local';
    process.emitWarning(
      `${this.name}: no read concern majority (${reason}), so logs may be delivered that a failover rolls back`,
    );
  }

  async #countIds(filter: LogFilter, range: IdRange): Promise<number> {
    let count = 0;
    for (let after = range.after; ; ) {
      const page = await this.#find(selectionOf(filter, { ...range, after }), filter, { _id: 1 }, 1, maxIds);
      count += page.length;
      if (page.length < maxIds) return count;
      after = page.at(-1)?.id;
    }
  }

  async #find(
    selection: Document,
    filter: LogFilter,
    fields: Document,
    direction: 1 | -1,
    limit: number,
  ): Promise<StoredDocument[]> {
    const options = {
      projection: fields,
      sort: { _id: direction },
      limit,
      batchSize: limit,
      maxTimeMS: this.#maxTimeMS,
    };
    const find = (hint: object) => this.#collection.find<Document>(selection, { ...options, ...hint }).toArray();
    const found = await this.#run(find, filter);
    return found.flatMap((raw) => (raw._id instanceof ObjectId ? [{ id: raw._id.toHexString(), raw }] : []));
  }

  /**
   * Calls a command, and remembers its failure. A command that reads one workflow gets the hint that names the index.
   */
  async #run<T>(command: (hint: { hint?: string }) => Promise<T>, filter: LogFilter = {}): Promise<T> {
    try {
      const result = await this.#client.run(async () => {
        const hint = await this.#index.hintOf(filter);
        return command(hint).catch((error) => this.#again(error, hint, command));
      });
      this.failure.clear();
      return result;
    } catch (error) {
      throw this.failure.remember(error);
    }
  }

  /** Repeats a command without the read concern or the hint that the server has refused. */
  #again<T>(
    error: Error & { code?: unknown },
    hint: { hint?: string },
    command: (hint: { hint?: string }) => Promise<T>,
  ): Promise<T> {
    if (noMajorityCodes.includes(error.code)) {
      this.#readLocally(error.message);
      return command(hint);
    }
    if (hint.hint === undefined || !badHintCodes.includes(error.code)) throw error;
    // The index was dropped.
    this.#index.forget();
    return command({});
  }
}
