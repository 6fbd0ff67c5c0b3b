import { ObjectId } from 'bson';
import { expect } from 'chai';
import { type ChangeStream, type Collection, type Document, Long, MongoClient, type MongoClientOptions } from 'mongodb';
import { cleaner, until } from '../../sse-proxy/test/support/until.ts';
import { type MongoOptions, type ScriptedMongo, startMongo } from './mongo-server/server.ts';

const namespace = 'etl.logs';

describe('the scripted MongoDB server, seen by the official driver', () => {
  const { add, clean } = cleaner();
  afterEach(clean);

  const start = async (options: MongoOptions = {}): Promise<ScriptedMongo> =>
    add(await startMongo(options), (it) => it.stop());

  function connect(mongo: ScriptedMongo, options: MongoClientOptions = {}): MongoClient {
    return add(new MongoClient(mongo.uri, { serverSelectionTimeoutMS: 10_000, ...options }), (it) => it.close());
  }

  async function collectionOf(mongo: ScriptedMongo): Promise<Collection> {
    return connect(mongo).db('etl').collection('logs');
  }

  async function withDocuments(count: number) {
    const mongo = await start();
    await mongo.insert(
      namespace,
      Array.from({ length: count }, (_, n) => ({ _id: n, n, even: n % 2 === 0 })) as Document[],
    );
    return { mongo, logs: await collectionOf(mongo) };
  }

  /** Collects the documents of a stream. */
  function collect(stream: ChangeStream): { documents: Document[]; errors: Error[] } {
    const result = { documents: [] as Document[], errors: [] as Error[] };
    add(stream, (it) => it.close());
    stream.on('change', (change) => result.documents.push(change));
    stream.on('error', (error) => result.errors.push(error));
    return result;
  }

  /** Resolves when the server has a cursor of the stream. */
  const opened = (mongo: ScriptedMongo, cursors = 1) => until(() => mongo.cursors === cursors);
  /** Closes the connections, so that open cursors are lost, too. */
  function stepDown(mongo: ScriptedMongo) {
    mongo.stepDown();
    mongo.disconnect();
    setTimeout(() => mongo.stepUp(), 50);
  }
  const named = (mongo: ScriptedMongo, name: string) => mongo.commands.filter((it) => it.name === name);
  const numbers = (documents: readonly Document[]) => documents.map(({ fullDocument, n }) => fullDocument?.n ?? n);

  it('is the primary of a replica set', async () => {
    const mongo = await start();
    const client = await connect(mongo).connect();
    const { setName, primary, isWritablePrimary } = await client.db('admin').command({ hello: 1 });
    expect({ setName, primary, isWritablePrimary }).to.deep.equal({
      setName: 'rs0',
      primary: `127.0.0.1:${mongo.port}`,
      isWritablePrimary: true,
    });
  });

  it('returns what was inserted with the BSON type of every value', async () => {
    const mongo = await start();
    const logs = await collectionOf(mongo);
    const document = {
      _id: new ObjectId(),
      long: Long.fromNumber(5),
      int: 5,
      date: new Date(5),
      none: null,
      list: [1.5],
    };
    await logs.insertOne(document);
    expect(await logs.findOne({ long: 5 }, { promoteLongs: false })).to.deep.equal(document);
  });

  it('returns a sorted, limited and projected result in batches', async () => {
    const { mongo, logs } = await withDocuments(10);
    const cursor = logs.find(
      { n: { $gte: 2 }, even: true },
      { sort: { _id: -1 }, limit: 3, projection: { n: 1 }, batchSize: 2 },
    );
    expect(await cursor.toArray()).to.deep.equal([8, 6, 4].map((n) => ({ _id: n, n })));
    expect(named(mongo, 'getMore')).to.have.length(1);
    expect(mongo.cursors).to.equal(0);
  });

  it('leaves a cursor open after a batch that is full, although no document follows', async () => {
    const { mongo, logs } = await withDocuments(4);
    const found = await logs.find({}, { batchSize: 2 }).toArray();
    expect(found).to.have.length(4);
    expect(named(mongo, 'getMore')).to.have.length(2);
  });

  it('orders ids by their type, then by their value', async () => {
    const mongo = await start();
    const ids = [
      null,
      -1,
      7,
      '10',
      '9',
      { a: 1 },
      new ObjectId('0'.repeat(24)),
      new ObjectId('f'.repeat(24)),
      false,
      new Date(0),
    ];
    await mongo.insert(
      namespace,
      [...ids].reverse().map((_id) => ({ _id })),
    );
    const found = await (await collectionOf(mongo)).find({}, { sort: { _id: 1 } }).toArray();
    expect(found.map(({ _id }) => _id)).to.deep.equal(ids);
  });

  it('reports a duplicate id by error 11000 and keeps the documents before it', async () => {
    const { logs } = await withDocuments(1);
    const failure = await logs.insertMany([{ _id: 5 }, { _id: 0 }, { _id: 6 }] as Document[]).catch((error) => error);
    expect([failure.code, failure.result.insertedCount]).to.deep.equal([11000, 1]);
    expect(await logs.countDocuments()).to.equal(2);
  });

  it('executes an insert once whose reply was lost and which the driver sends again', async () => {
    const mongo = await start();
    const logs = await collectionOf(mongo);
    mongo.fail({ failCommands: ['insert'], loseReply: true });
    await logs.insertOne({ n: 1 });
    expect(named(mongo, 'insert')).to.have.length(2);
    expect(await logs.countDocuments()).to.equal(1);
  });

  it('creates indexes and explains whether a query uses one', async () => {
    const { logs } = await withDocuments(1);
    const stageOf = async (filter: Document, sort: Document = {}) => {
      const { queryPlanner } = await logs.find(filter, { sort }).explain();
      const stages: string[] = [];
      for (let stage = queryPlanner.winningPlan; stage; stage = stage.inputStage) stages.push(stage.stage);
      return stages.join(' ');
    };
    expect(await stageOf({ 'meta.id': 1 })).to.equal('COLLSCAN');
    await logs.createIndex({ 'meta.id': 1, _id: 1 });
    expect((await logs.indexes()).map(({ name }) => name)).to.deep.equal(['_id_', 'meta.id_1__id_1']);
    expect(await stageOf({ 'meta.id': 1 }, { _id: 1 })).to.equal('FETCH IXSCAN');
    expect(await stageOf({ n: { $gt: 1 } }, { n: 1 })).to.equal('SORT COLLSCAN');
    expect(await stageOf({ n: { $gt: 1 } }, { _id: -1 })).to.equal('FETCH IXSCAN');
  });

  it('refuses a hint that names no index', async () => {
    const { logs } = await withDocuments(1);
    const failure = await logs
      .find({}, { hint: 'none' })
      .toArray()
      .catch((error) => error);
    expect(failure.code).to.equal(2);
  });

  it('cuts a query at its maximum time', async () => {
    const { mongo, logs } = await withDocuments(1);
    mongo.fail({ failCommands: ['find'], blockConnection: true, blockTimeMS: 60_000 });
    const failure = await logs
      .find({}, { maxTimeMS: 20 })
      .toArray()
      .catch((error) => error);
    expect(failure.code).to.equal(50);
  });

  for (const [what, break_] of [
    ['the connection closes', (mongo: ScriptedMongo) => mongo.fail({ failCommands: ['find'], closeConnection: true })],
    [
      'the server says once that it is not the primary',
      (mongo: ScriptedMongo) => mongo.fail({ failCommands: ['find'], errorCode: 10107 }),
    ],
    ['the server steps down for a while', (mongo: ScriptedMongo) => stepDown(mongo)],
    ['the server restarts', (mongo: ScriptedMongo) => mongo.restart()],
  ] as const) {
    it(`lets the driver repeat a query when ${what}`, async () => {
      const { mongo, logs } = await withDocuments(3);
      await logs.findOne();
      await break_(mongo);
      expect(await logs.find().toArray()).to.have.length(3);
    });
  }

  it('makes documents visible later than others with a higher id, if a test asks for it', async () => {
    const mongo = await start();
    const stream = collect((await collectionOf(mongo)).watch());
    await opened(mongo);
    const late = mongo.insert(namespace, [{ _id: 1, n: 1 }] as Document[], { visibleAfterMs: 20 });
    await mongo.insert(namespace, [{ _id: 2, n: 2 }] as Document[]);
    await late;
    await until(() => stream.documents.length === 2);
    expect(numbers(stream.documents)).to.deep.equal([2, 1]);
  });

  it('streams the inserts that match, in the order in which they became visible', async () => {
    const mongo = await start();
    const logs = await collectionOf(mongo);
    const stream = collect(logs.watch([{ $match: { operationType: 'insert', 'fullDocument.even': true } }]));
    await opened(mongo);
    await mongo.insert(namespace, [{ _id: 9, n: 9, even: true }] as Document[]);
    await mongo.insert(namespace, [
      { _id: 1, n: 1, even: false },
      { _id: 4, n: 4, even: true },
    ] as Document[]);
    await mongo.insert('etl.others', [{ n: 7, even: true }]);
    await until(() => stream.documents.length === 2);
    expect(numbers(stream.documents)).to.deep.equal([9, 4]);
    expect(stream.documents[0]).to.deep.include({ ns: { db: 'etl', coll: 'logs' }, documentKey: { _id: 9 } });
  });

  for (const [what, break_] of [
    ['its connection closes', (mongo: ScriptedMongo) => mongo.disconnect()],
    [
      'the server says once that it is not the primary',
      (mongo: ScriptedMongo) => mongo.fail({ failCommands: ['getMore'], errorCode: 10107 }),
    ],
    ['the server steps down for a while', (mongo: ScriptedMongo) => stepDown(mongo)],
    ['its cursor is killed', (mongo: ScriptedMongo) => mongo.killCursors()],
    ['the server restarts', (mongo: ScriptedMongo) => mongo.restart()],
  ] as const) {
    it(`continues a change stream without a hole or a repeat when ${what}`, async () => {
      const mongo = await start();
      const stream = collect((await collectionOf(mongo)).watch([], { maxAwaitTimeMS: 50 }));
      await opened(mongo);
      await mongo.insert(namespace, [{ n: 1 }]);
      await until(() => stream.documents.length === 1);
      await break_(mongo);
      await mongo.insert(namespace, [{ n: 2 }]);
      await until(() => named(mongo, 'aggregate').at(-1)?.command.pipeline[0].$changeStream.resumeAfter);
      await mongo.insert(namespace, [{ n: 3 }]);
      await until(() => stream.documents.length === 3);
      expect(numbers(stream.documents)).to.deep.equal([1, 2, 3]);
    });
  }

  it('ends a change stream with error 286 when the history is lost', async () => {
    const mongo = await start();
    const logs = await collectionOf(mongo);
    const stream = logs.watch();
    const { errors } = collect(stream);
    await opened(mongo);
    mongo.loseHistory();
    await until(() => errors.length > 0);
    expect(errors[0]).to.have.property('code', 286);
    const resumed = collect(logs.watch([], { resumeAfter: stream.resumeToken }));
    await until(() => resumed.errors.length > 0);
    expect(resumed.errors[0]).to.have.property('code', 286);
  });

  it('starts a change stream at an operation time, with the changes since then', async () => {
    const mongo = await start();
    const logs = await collectionOf(mongo);
    await mongo.insert(namespace, [{ n: 1 }]);
    const { operationTime } = await connect(mongo).db('admin').command({ ping: 1 });
    await mongo.insert(namespace, [{ n: 2 }]);
    const stream = collect(logs.watch([], { startAtOperationTime: operationTime }));
    await until(() => stream.documents.length === 2);
    // The operation time is that of the newest change, and the stream begins with it.
    expect(numbers(stream.documents)).to.deep.equal([1, 2]);
  });

  it('moves the resume token of a change stream on although nothing matches', async () => {
    const mongo = await start();
    const stream = (await collectionOf(mongo)).watch([], { maxAwaitTimeMS: 5 });
    collect(stream);
    await opened(mongo);
    const first = stream.resumeToken;
    await mongo.insert('etl.others', [{ n: 1 }, { n: 2 }]);
    await until(() => JSON.stringify(stream.resumeToken) !== JSON.stringify(first));
  });

  it('ends a change stream with "invalidate" when its collection is dropped', async () => {
    const mongo = await start();
    const logs = await collectionOf(mongo);
    await mongo.insert(namespace, [{ n: 1 }]);
    const stream = collect(logs.watch());
    await opened(mongo);
    await logs.drop();
    await until(() => stream.documents.length === 2);
    expect(stream.documents.map(({ operationType }) => operationType)).to.deep.equal(['drop', 'invalidate']);
  });

  it('has no change streams as a standalone server', async () => {
    const mongo = await start({ replicaSet: false });
    const logs = await collectionOf(mongo);
    await logs.insertOne({ n: 1 });
    expect(await logs.findOne()).to.include({ n: 1 });
    const { errors } = collect(logs.watch());
    await until(() => errors.length > 0);
    expect(errors[0]).to.have.property('code', 40573);
  });

  it('refuses an unknown command and an unknown field', async () => {
    const mongo = await start();
    const database = connect(mongo).db('etl');
    expect((await database.command({ launch: 1 }).catch((error) => error)).code).to.equal(59);
    const failure = await database.command({ find: 'logs', order: 1 }).catch((error) => error);
    expect(failure.code).to.equal(40415);
  });

  it('sets a failpoint by the command that MongoDB has for it', async () => {
    const { mongo, logs } = await withDocuments(1);
    const data = { failCommands: ['find'], errorCode: 13 };
    await connect(mongo)
      .db('admin')
      .command({ configureFailPoint: 'failCommand', mode: { times: 1 }, data });
    expect((await logs.findOne().catch((error) => error)).code).to.equal(13);
    expect(await logs.findOne()).to.include({ n: 0 });
  });

  it('replies to nothing while it is paused', async () => {
    const { mongo, logs } = await withDocuments(1);
    await logs.findOne();
    mongo.commands.length = 0;
    mongo.pause();
    let found: Document | null | undefined;
    const finding = logs.findOne().then((document) => (found = document));
    await until(() => named(mongo, 'find').length === 1);
    expect(found).to.equal(undefined);
    mongo.resume();
    await finding;
    expect(found).to.include({ n: 0 });
  });
});
