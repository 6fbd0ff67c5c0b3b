import {
  type ChangeStream,
  type Collection,
  type Document,
  type MongoClient,
  ObjectId,
  type ResumeToken,
} from 'mongodb';
import type { LogFilter } from '../../log-store.ts';
import { projection, type RawDocument } from './document.ts';
import { LastFailure } from './last-failure.ts';
import { type Hex, lowest } from './object-ids.ts';
import { type IdRange, rangeOf, selectionOf } from './selection.ts';
import { untilSuccess } from './until-success.ts';
import { WorkflowIndex } from './workflow-index.ts';

/**
 * Documents are read alike whatever the options of the user's client are, and so that none fails the read of the others:
 * JavaScript refuses regular expressions of other languages, and other writers may store invalid UTF-8.
 */
const bsonOptions = {
  raw: false,
  promoteValues: true,
  promoteLongs: true,
  promoteBuffers: false,
  useBigInt64: false,
  bsonRegExp: true,
  enableUtf8Validation: false,
} as const;
/** Most ids and most documents of one command. */
const maxIds = 10_000;
const maxDocuments = 500;
/** Code of the error for a hint that names no index. */
const badValue = 2;
/** Codes of a command or a stage that the server does not have. */
const noAggregationCodes: readonly unknown[] = [59, 115, 304, 40324];

/** A document and its ObjectId. */
export interface StoredDocument {
  readonly id: Hex;
  readonly raw: RawDocument;
}

/** What the server is. */
export interface ServerKind {
  /** True if it has change streams: a member of a replica set, or a router of a sharded cluster. */
  readonly hasChanges: boolean;
  /** Its clock minus this process's, in milliseconds. */
  readonly clockOffsetMs: number;
}

/** The commands that the store sends. Nothing else here calls the driver, except to open and to close the client. */
export class LogCollection {
  readonly failure = new LastFailure();
  readonly #collection: Collection;
  /** The same, with the concern and the preference of reads. */
  #reading: Collection;
  readonly #index: WorkflowIndex;
  readonly #maxTimeMS: number;
  /**
   * Connects the client. It does so by itself at the first command, but only once: if the server is away at that time, all
   * later commands fail too.
   */
  readonly #connect: () => Promise<unknown>;

  /** @param maxTimeMs bound of one command on the server */
  constructor(client: MongoClient, database: string | undefined, name: string, maxTimeMs: number) {
    this.#connect = untilSuccess(() => client.connect());
    this.#collection = client.db(database).collection(name, bsonOptions);
    this.#reading = this.#collection;
    this.#index = new WorkflowIndex(this.#collection);
    this.#maxTimeMS = maxTimeMs;
  }

  get name(): string {
    return this.#collection.namespace;
  }

  /** The ids of a range in ascending order. The index has all that is asked for. */
  async ids(filter: LogFilter, range: IdRange): Promise<Hex[]> {
    const found: Hex[] = [];
    for (let after = range.after; ; ) {
      const page = await this.#find(rangeOf(filter, { ...range, after }), filter, { _id: 1 }, 1, maxIds);
      for (const { id } of page) found.push(id);
      if (page.length < maxIds) return found;
      after = found.at(-1);
    }
  }

  /** The newest `limit` ids before one, in descending order. */
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
      return await this.#run((hint) => this.#reading.countDocuments(selection, { ...options, ...hint }), filter);
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

  /** Asks the server what it is. Call it before all reads. */
  async describe(): Promise<ServerKind> {
    const asked = Date.now();
    const { setName, msg, localTime } = await this.#run(() => this.#collection.db.admin().command({ hello: 1 }));
    // The server read its clock between the request and the response.
    const middle = (asked + Date.now()) / 2;
    const hasChanges = setName !== undefined || msg === 'isdbgrid';
    // What a change stream has delivered is visible to these reads, and what they return is never rolled back. A standalone
    // server has one state only.
    this.#reading = this.#collection.db.collection(this.#collection.collectionName, {
      ...bsonOptions,
      readPreference: 'primary',
      ...(hasChanges && { readConcern: { level: 'majority' } }),
    });
    return {
      hasChanges,
      clockOffsetMs: localTime instanceof Date ? localTime.getTime() - middle : 0,
    };
  }

  /** Reads one id. */
  async probe(): Promise<void> {
    await this.idsBefore({}, {}, 1);
  }

  /** Creates the index that all reads of a workflow use, unless it exists, by whatever name. */
  async ensureIndexes(): Promise<void> {
    await this.#run(() => this.#index.ensure());
  }

  /** What is wrong with the way in which the server reads the newest logs of a workflow, in words. */
  async problemOfPlan(filter: LogFilter): Promise<string | undefined> {
    try {
      const hint = await this.#index.hintOf(filter);
      const options = { projection: { _id: 1 }, sort: { _id: 1 } as const, limit: 1, ...hint };
      const cursor = this.#reading.find(rangeOf(filter, { from: lowest }), options);
      const plan = JSON.stringify((await cursor.explain('queryPlanner')).queryPlanner?.winningPlan ?? {});
      if (plan.includes('"COLLSCAN"')) return 'scans the whole collection';
      if (plan.includes('"SORT"')) return 'sorts all logs of the workflow';
      // Without our index, the one of _id gives the order.
      return plan.includes('"keyPattern":{"_id"') ? 'reads the ids of all workflows' : undefined;
    } catch {
      // The user may have no right to explain a query.
      return undefined;
    }
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
    const find = (hint: object) => this.#reading.find<Document>(selection, { ...options, ...hint }).toArray();
    const found = await this.#run(find, filter);
    return found.flatMap((raw) => (raw._id instanceof ObjectId ? [{ id: raw._id.toHexString(), raw }] : []));
  }

  /** Calls a command, and remembers its failure. The command of a workflow gets the hint that names the index. */
  async #run<T>(command: (hint: { hint?: string }) => Promise<T>, filter: LogFilter = {}): Promise<T> {
    try {
      await this.#connect();
      const hint = await this.#index.hintOf(filter);
      const result = await command(hint).catch((error: { code?: unknown }) => {
        if (hint.hint === undefined || error.code !== badValue) throw error;
        // The index was dropped.
        this.#index.forget();
        return command({});
      });
      this.failure.clear();
      return result;
    } catch (error) {
      throw this.failure.remember(error);
    }
  }
}
