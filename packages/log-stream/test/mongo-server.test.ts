import { ObjectId } from 'bson';
import { expect } from 'chai';
import { type Document, Long } from 'mongodb';
import { until } from '../../sse-proxy/test/support/until.ts';
import type { ScriptedMongo } from './mongo-server/server.ts';
import {
  collectionOf,
  connect,
  endMongo,
  namespace,
  numbers,
  received,
  start,
  stepDown,
  withDocuments,
} from './support/mongo-driver.ts';

describe('commands of the scripted MongoDB server, sent by the official driver', () => {
  afterEach(endMongo);

  it('the scripted server is the primary of a replica set', async () => {
    const mongo = await start();
    const client = await connect(mongo).connect();
    const { setName, primary, isWritablePrimary } = await client.db('admin').command({ hello: 1 });
    expect({ setName, primary, isWritablePrimary }).to.deep.equal({
      setName: 'rs0',
      primary: `127.0.0.1:${mongo.port}`,
      isWritablePrimary: true,
    });
  });

  it('the scripted server returns what was inserted with the BSON type of every value', async () => {
    const mongo = await start();
    const logs = collectionOf(mongo);
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

  it('the scripted server returns a sorted, limited and projected result in batches', async () => {
    const { mongo, logs } = await withDocuments(10);
    const cursor = logs.find(
      { n: { $gte: 2 }, even: true },
      { sort: { _id: -1 }, limit: 3, projection: { n: 1 }, batchSize: 2 },
    );
    expect(await cursor.toArray()).to.deep.equal([8, 6, 4].map((n) => ({ _id: n, n })));
    expect(received(mongo, 'getMore')).to.have.length(1);
    expect(mongo.cursors).to.equal(0);
  });

  it('the scripted server leaves a cursor open after a batch that is full, although no document follows', async () => {
    const { mongo, logs } = await withDocuments(4);
    const found = await logs.find({}, { batchSize: 2 }).toArray();
    expect(found).to.have.length(4);
    expect(received(mongo, 'getMore')).to.have.length(2);
  });

  it('the scripted server orders ids by their type, then by their value', async () => {
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
    const found = await collectionOf(mongo)
      .find({}, { sort: { _id: 1 } })
      .toArray();
    expect(found.map(({ _id }) => _id)).to.deep.equal(ids);
  });

  it('the scripted server returns documents in the order of their insertion if a query asks for no order', async () => {
    const mongo = await start();
    await mongo.insert(
      namespace,
      [3, 1, 2].map((n) => ({ _id: n, n })),
    );
    expect(
      numbers(
        await collectionOf(mongo)
          .find({ n: { $gt: 1 } })
          .toArray(),
      ),
    ).to.deep.equal([3, 2]);
  });

  it('the scripted server reports a duplicate id by error 11000 and keeps the documents before it', async () => {
    const { logs } = await withDocuments(1);
    const failure = await logs.insertMany([5, 0, 6].map((_id) => ({ _id })) as Document[]).catch((error) => error);
    expect([failure.code, failure.result.insertedCount]).to.deep.equal([11000, 1]);
    expect(await logs.countDocuments()).to.equal(2);
  });

  it('the scripted server executes an insert once whose reply was lost and which the driver sends again', async () => {
    const mongo = await start();
    const logs = collectionOf(mongo);
    mongo.fail({ failCommands: ['insert'], loseReply: true });
    await logs.insertOne({ n: 1 });
    expect(received(mongo, 'insert')).to.have.length(2);
    expect(await logs.countDocuments()).to.equal(1);
  });

  it('the scripted server creates indexes and explains whether a query uses one', async () => {
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

  it('the scripted server refuses a hint that names no index', async () => {
    const { logs } = await withDocuments(1);
    const failure = await logs
      .find({}, { hint: 'none' })
      .toArray()
      .catch((error) => error);
    expect(failure.code).to.equal(2);
  });

  it('the scripted server cuts a query at its maximum time', async () => {
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
    ['the server steps down for a while', stepDown],
    ['the server restarts', (mongo: ScriptedMongo) => mongo.restart()],
  ] as const) {
    it(`the scripted server lets the driver repeat a query when ${what}`, async () => {
      const { mongo, logs } = await withDocuments(3);
      await logs.findOne();
      await break_(mongo);
      expect(await logs.find().toArray()).to.have.length(3);
    });
  }

  it('the scripted server refuses an unknown command and an unknown field', async () => {
    const mongo = await start();
    const database = connect(mongo).db('etl');
    expect((await database.command({ launch: 1 }).catch((error) => error)).code).to.equal(59);
    const failure = await database.command({ find: 'logs', order: 1 }).catch((error) => error);
    expect(failure.code).to.equal(40415);
  });

  it('the scripted server sets a failpoint by the command that MongoDB has for it', async () => {
    const { mongo, logs } = await withDocuments(1);
    const data = { failCommands: ['find'], errorCode: 13 };
    await connect(mongo)
      .db('admin')
      .command({ configureFailPoint: 'failCommand', mode: { times: 1 }, data });
    expect((await logs.findOne().catch((error) => error)).code).to.equal(13);
    expect(await logs.findOne()).to.include({ n: 0 });
  });

  it('the scripted server replies to nothing while it is paused', async () => {
    const { mongo, logs } = await withDocuments(1);
    await logs.findOne();
    mongo.commands.length = 0;
    mongo.pause();
    let found: Document | null | undefined;
    const finding = logs.findOne().then((document) => (found = document));
    await until(() => received(mongo, 'find').length === 1);
    expect(found).to.equal(undefined);
    mongo.resume();
    await finding;
    expect(found).to.include({ n: 0 });
  });
});
