import { expect } from 'chai';
import { until } from '../../sse-proxy/test/support/until.ts';
import type { ScriptedMongo } from './mongo-server/server.ts';
import {
  collect,
  collectionOf,
  connect,
  endMongo,
  namespace,
  numbers,
  received,
  start,
  stepDown,
  watch,
} from './support/mongo-driver.ts';

describe('change streams of the scripted MongoDB server, opened by the official driver', () => {
  afterEach(endMongo);

  it('the scripted server makes documents visible later than others with a higher id, if a test asks for it', async () => {
    const mongo = await start();
    const stream = await watch(mongo);
    const late = mongo.insert(namespace, [{ _id: 1, n: 1 }], { visibleAfterMs: 20 });
    await mongo.insert(namespace, [{ _id: 2, n: 2 }]);
    await late;
    await until(() => stream.events.length === 2);
    expect(numbers(stream.events)).to.deep.equal([2, 1]);
  });

  it('streams the inserts that match, in the order in which they became visible', async () => {
    const mongo = await start();
    const stream = await watch(mongo, [{ $match: { operationType: 'insert', 'fullDocument.even': true } }]);
    await mongo.insert(namespace, [{ _id: 9, n: 9, even: true }]);
    await mongo.insert(namespace, [
      { _id: 1, n: 1, even: false },
      { _id: 4, n: 4, even: true },
    ]);
    await mongo.insert('etl.others', [{ n: 7, even: true }]);
    await until(() => stream.events.length === 2);
    expect(numbers(stream.events)).to.deep.equal([9, 4]);
    expect(stream.events[0]).to.deep.include({ ns: { db: 'etl', coll: 'logs' }, documentKey: { _id: 9 } });
  });

  it('streams inserts, replacements, updates and deletions, each with its operation type', async () => {
    const mongo = await start();
    const logs = collectionOf(mongo);
    const stream = await watch(mongo);
    await logs.replaceOne({ _id: 1 as never }, { n: 1 }, { upsert: true });
    await logs.replaceOne({ _id: 1 as never }, { n: 2 });
    await logs.updateOne({ n: 2 }, { $set: { n: 3 } });
    await logs.deleteOne({ n: 3 });
    await until(() => stream.events.length === 4);
    const seen = stream.events.map(({ operationType, fullDocument }) => [operationType, fullDocument?.n]);
    const expected = [
      ['insert', 1],
      ['replace', 2],
      ['update', undefined],
      ['delete', undefined],
    ];
    expect(seen).to.deep.equal(expected);
    expect(stream.events[2]?.updateDescription.updatedFields).to.deep.equal({ n: 3 });
  });

  for (const [what, break_] of [
    ['its connection closes', (mongo: ScriptedMongo) => mongo.disconnect()],
    [
      'the server says once that it is not the primary',
      (mongo: ScriptedMongo) => mongo.fail({ failCommands: ['getMore'], errorCode: 10107 }),
    ],
    ['the server steps down for a while', stepDown],
    ['its cursor is killed', (mongo: ScriptedMongo) => mongo.killCursors()],
    ['the server restarts', (mongo: ScriptedMongo) => mongo.restart()],
  ] as const) {
    it(`continues a change stream without a hole or a repeat when ${what}`, async () => {
      const mongo = await start();
      const stream = await watch(mongo);
      await mongo.insert(namespace, [{ n: 1 }]);
      await until(() => stream.events.length === 1);
      await break_(mongo);
      await mongo.insert(namespace, [{ n: 2 }]);
      await until(() => received(mongo, 'aggregate').at(-1)?.pipeline[0].$changeStream.resumeAfter);
      await mongo.insert(namespace, [{ n: 3 }]);
      await until(() => stream.events.length === 3);
      expect(numbers(stream.events)).to.deep.equal([1, 2, 3]);
    });
  }

  it('ends a change stream with error 286 when the history is lost', async () => {
    const mongo = await start();
    const { errors, stream } = await watch(mongo);
    mongo.loseHistory();
    await until(() => errors.length > 0);
    expect(errors[0]).to.have.property('code', 286);
    const resumed = collect(collectionOf(mongo).watch([], { resumeAfter: stream.resumeToken }));
    await until(() => resumed.errors.length > 0);
    expect(resumed.errors[0]).to.have.property('code', 286);
  });

  it('starts a change stream at an operation time, with the changes since then', async () => {
    const mongo = await start();
    const logs = collectionOf(mongo);
    await mongo.insert(namespace, [{ n: 1 }]);
    const { operationTime } = await connect(mongo).db('admin').command({ ping: 1 });
    await mongo.insert(namespace, [{ n: 2 }]);
    const stream = collect(logs.watch([], { startAtOperationTime: operationTime }));
    await until(() => stream.events.length === 2);
    // The operation time is that of the newest change, and the stream begins with it.
    expect(numbers(stream.events)).to.deep.equal([1, 2]);
  });

  it('moves the resume token of a change stream on although nothing matches', async () => {
    const mongo = await start();
    const { stream } = await watch(mongo, [], 5);
    const first = JSON.stringify(await until(() => stream.resumeToken));
    await mongo.insert('etl.others', [{ n: 1 }, { n: 2 }]);
    await until(() => JSON.stringify(stream.resumeToken) !== first);
  });

  it('ends a change stream with "invalidate" when its collection is dropped', async () => {
    const mongo = await start();
    const logs = collectionOf(mongo);
    await mongo.insert(namespace, [{ n: 1 }]);
    const stream = await watch(mongo);
    await logs.drop();
    await until(() => stream.events.length === 2);
    expect(stream.events.map(({ operationType }) => operationType)).to.deep.equal(['drop', 'invalidate']);
  });

  it('a standalone scripted server has no change streams', async () => {
    const mongo = await start({ replicaSet: false });
    const logs = collectionOf(mongo);
    await logs.insertOne({ n: 1 });
    expect(await logs.findOne()).to.include({ n: 1 });
    const { errors } = collect(logs.watch());
    await until(() => errors.length > 0);
    expect(errors[0]).to.have.property('code', 40573);
  });
});
