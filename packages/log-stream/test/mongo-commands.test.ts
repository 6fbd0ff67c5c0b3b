import { expect } from 'chai';
import { type Document, ObjectId } from 'mongodb';
import { indexKey } from '../src/stores/mongo/selection.ts';
import { Follower } from './contract/follower.ts';
import type { ScriptedMongo } from './mongo-server/server.ts';
import { mongoServer, mongoStore, namespace, pymodm, stopMongos } from './support/mongo.ts';
import { eventually, log, logs } from './support/service.ts';

const wf = { workspaceID: 'ws', workflowID: 'wf' };
const indexName = Object.entries(indexKey)
  .map(([path, direction]) => `${path}_${direction}`)
  .join('_');
const scope = { 'meta.workspaceID': 'ws', 'meta.workflowID': 'wf' };
const fields = Object.fromEntries(
  ['logLevel', 'logType', 'message', 'stageName', 'duration', 'description', 'time', 'isoTime', 'meta'].map((name) => [
    name,
    1,
  ]),
);

/** A command without what the driver adds, and with a second in place of each ObjectId. */
function shown({ name, command }: ScriptedMongo['commands'][number]): Document {
  const { lsid, $db, $clusterTime, $readPreference, txnNumber, batchSize, ...own } = command;
  return { name, ...own };
}

const zero = '0'.repeat(24);
const sent = (server: ScriptedMongo, ...names: string[]) =>
  server.commands.filter(({ name }) => names.includes(name)).map(shown);
/** The ids in a command as text, to compare them. */
const plain = (value: unknown) =>
  JSON.parse(JSON.stringify(value, (_key, item) => (item instanceof ObjectId ? item.toHexString() : item)));

describe('the commands of MongoLogStore', () => {
  afterEach(stopMongos);

  async function opened(replicaSet: string | false) {
    const server = await mongoServer({ replicaSet });
    const store = mongoStore(server, { pollMs: 5 });
    await store.ensureIndexes();
    server.commands.length = 0;
    return { server, store };
  }

  it('ensureIndexes() waits for the index for longer than other commands may take, and health() reports the build', async () => {
    const server = await mongoServer({});
    const store = mongoStore(server, { maxTimeMs: 50 });
    server.fail({ failCommands: ['createIndexes'], blockConnection: true, blockTimeMS: 600 });
    const creating = store.ensureIndexes();
    await eventually(async () => (await store.health()).figures.indexBuilding === 1);
    await creating;
    expect((await store.health()).figures.indexBuilding).to.equal(0);
    expect(sent(server, 'createIndexes')).to.have.length(1);
  });

  it('polls read ids from the index, with bounds, a hint and a limit, and each new document once', async () => {
    const { server, store } = await opened(false);
    const follower = new Follower(store, wf, await store.end(wf));
    const following = follower.until('m1');
    const document = pymodm(log('m1'));
    await server.insert(namespace, [document]);
    await following;
    const finds = plain(sent(server, 'find'));
    const [newestOld] = finds.splice(1, 1);
    expect([newestOld.sort, newestOld.limit, newestOld.hint]).to.deep.equal([{ _id: -1 }, 1, indexName]);
    expect(Object.keys(newestOld.filter._id)).to.deep.equal(['$gte', '$lt']);
    const ofIds = finds.filter(({ projection }: Document) => projection._id === 1);
    const ofDocuments = finds.filter(({ projection }: Document) => projection._id !== 1);
    for (const { filter, ...find } of ofIds) {
      expect(Object.keys(filter)).to.deep.equal([...Object.keys(scope), '_id']);
      expect(filter).to.include(scope);
      expect(Object.keys(filter._id)).to.deep.equal(['$gt']);
      expect(find).to.deep.equal({
        name: 'find',
        find: 'logs',
        sort: { _id: 1 },
        projection: { _id: 1 },
        hint: indexName,
        limit: 10_000,
        maxTimeMS: 5_000,
      });
    }
    expect(ofDocuments).to.deep.equal([
      {
        name: 'find',
        find: 'logs',
        filter: { _id: { $in: [String(document._id)] } },
        sort: { _id: 1 },
        projection: fields,
        limit: 1,
        maxTimeMS: 5_000,
      },
    ]);
  });

  it('a poll reads from settleMs before the last poll on, or from settleMs before the newest id if that is older', async () => {
    const { server, store } = await opened(false);
    const old = new ObjectId('5f000000aaaaaaaaaaaaaaaa');
    await server.insert(namespace, [pymodm(log('old'), old)]);
    await store.end(wf);
    const now = Math.floor(Date.now() / 1_000);
    const [first, , second] = plain(sent(server, 'find')).map(({ filter }: Document) => filter._id.$gt);
    const secondsOf = (hex: string) => Number.parseInt(hex.slice(0, 8), 16) + 1;
    // The first read lists what is there, as far back as lateMs.
    expect(secondsOf(first)).to.be.within(now - 62, now - 59);
    expect(secondsOf(second)).to.be.within(now - 4, now - 1);
  });

  it('a change stream requests inserts only, one stream for all workflows, and nothing is polled meanwhile', async () => {
    const { server, store } = await opened('rs0');
    const filters = [wf, { ...wf, workflowID: 'other' }];
    const followers = await Promise.all(
      filters.flatMap((filter) => [1, 2, 3].map(async () => new Follower(store, filter, await store.end(filter)))),
    );
    const following = Promise.all(followers.map((follower) => follower.until('last')));
    await eventually(async () => (await store.health()).figures.changeStream === 1);
    const opened1 = sent(server, 'aggregate');
    expect(opened1).to.have.length(1);
    expect(opened1[0]?.pipeline).to.deep.equal([{ $changeStream: {} }, { $match: { operationType: 'insert' } }]);
    server.commands.length = 0;
    const documents = logs(20).flatMap((it) => [
      pymodm(it),
      pymodm({ ...it, meta: { ...it.meta, workflowID: 'other' } }),
    ]);
    await server.insert(namespace, documents);
    for (const workflowID of ['wf', 'other']) await server.insert(namespace, [pymodm(log('last', { workflowID }))]);
    await following;
    for (const { messages } of followers)
      expect(messages).to.deep.equal([...logs(20), log('last')].map((it) => it.message));
    expect(sent(server, 'find')).to.deep.equal([]);
  });

  it('one poll serves all listeners of a workflow, and none is sent while nobody listens', async () => {
    const { server, store } = await opened(false);
    const releases = Array.from({ length: 20 }, () => store.subscribe(() => {}, wf));
    await eventually(() => sent(server, 'find').length > 1);
    server.commands.length = 0;
    await eventually(() => sent(server, 'find').length >= 10);
    const began = performance.now();
    await eventually(() => sent(server, 'find').length >= 30);
    // At most one poll each 5 ms, and not one for each listener.
    expect(performance.now() - began).to.be.at.least(20 * 4);
    for (const release of releases) release();
    // end() looks by itself, after a look that a poll may have begun.
    await store.end(wf);
    server.commands.length = 0;
    const other = { ...wf, workflowID: 'other' };
    store.subscribe(() => {}, other);
    const reads = () => plain(sent(server, 'find', 'getMore', 'aggregate')) as Document[];
    await eventually(() => reads().length >= 10);
    expect(reads().map(({ filter }) => filter?.['meta.workflowID'])).to.deep.equal(reads().map(() => 'other'));
  });

  it('pages sort by _id within bounds, and count by the same filter', async () => {
    const { server, store } = await opened(false);
    const documents = logs(5).map((it) => pymodm(it));
    await server.insert(namespace, documents);
    const ids = documents.map(({ _id }) => String(_id));
    const after = await store.locate(String(ids[0]), wf, 'event');
    server.commands.length = 0;
    await store.query({ filter: { ...wf, levels: ['ERROR'] }, order: 'desc', limit: 2, ...(after && { after }) });
    const filter = {
      ...scope,
      _id: { $gt: ids[0] },
      logLevel: { $in: ['ERROR', 'error', 'Error', 'CRITICAL', 'critical', 'Critical', 'FATAL', 'fatal', 'Fatal'] },
    };
    expect(plain(sent(server, 'find', 'aggregate'))).to.deep.equal([
      {
        name: 'aggregate',
        aggregate: 'logs',
        pipeline: [{ $match: filter }, { $group: { _id: 1, n: { $sum: 1 } } }],
        hint: indexName,
        cursor: {},
        maxTimeMS: 5_000,
      },
      {
        name: 'find',
        find: 'logs',
        filter,
        sort: { _id: -1 },
        projection: fields,
        hint: indexName,
        limit: 3,
        maxTimeMS: 5_000,
      },
      // The log in front of the position of the page.
      {
        name: 'find',
        find: 'logs',
        filter: { ...scope, _id: { $gte: zero } },
        sort: { _id: -1 },
        projection: { _id: 1 },
        hint: indexName,
        limit: 1,
        maxTimeMS: 5_000,
      },
    ]);
  });

  for (const [search, pattern] of [
    ['.*', '\\x2e\\x2a'],
    ['{"$ne":1}', '\\x7b\\x22\\x24[nN][eE]\\x22\\x3a\\x31\\x7d'],
    ['a\\Eb', '[aA]\\x5c[eE][bB]'],
    ['(a+)+$', '\\x28[aA]\\x2b\\x29\\x2b\\x24'],
    ['kilo', '[kK\u212a][iI\u0130][lL][oO]'],
    ['größe', '[gG][rR][\\s\\S]{0,6}[eE]'],
    ['aüb éöüäß cd', '[aA][\\s\\S]{0,3}[bB]\\x20'],
    ['é.a', '\\x2e[aA]'],
  ] as const) {
    it(`the search ${search} is sent as text and never as an operator or an expression`, async () => {
      const { server, store } = await opened(false);
      await store.query({ filter: { ...wf, search }, order: 'asc', limit: 5 });
      const [find] = plain(sent(server, 'find'));
      const $regex = { $regex: pattern };
      expect(find.filter).to.deep.equal({
        ...scope,
        _id: { $gte: zero },
        $or: [
          ...['message', 'description', 'stageName'].map((field) => ({ [field]: $regex })),
          { 'meta.execID': { $in: [search] } },
        ],
      });
    });
  }

  it('ids of a path are compared as text, whatever they look like', async () => {
    const { server, store } = await opened(false);
    const filter = { workspaceID: '{"$gt":""}', workflowID: '$where' };
    await store.query({ filter, order: 'asc', limit: 5 });
    const [find] = plain(sent(server, 'find'));
    expect(find.filter).to.include({ 'meta.workspaceID': '{"$gt":""}', 'meta.workflowID': '$where' });
  });

  it('without the index no hint is sent, and a process warning names the index', async () => {
    const server = await mongoServer({ replicaSet: false });
    const store = mongoStore(server);
    await server.insert(namespace, [pymodm(log('m0'))]);
    const warning = new Promise<Error>((resolve) => process.once('warning', resolve));
    const release = store.subscribe(() => {}, wf);
    expect((await warning).message).to.equal(
      'etl.logs: each poll reads the ids of all workflows; create the index (meta.workspaceID, meta.workflowID, _id) by ensureIndexes()',
    );
    await eventually(() => sent(server, 'find').length > 1);
    for (const { hint } of sent(server, 'find')) expect(hint).to.equal(undefined);
    release();
  });

  it('reads go to the primary, and on a replica set they return only what no failover rolls back', async () => {
    const server = await mongoServer();
    const store = mongoStore(server, {
      server: `${server.uri}&readPreference=secondaryPreferred&readConcernLevel=local`,
    });
    await store.query({ filter: wf, order: 'asc', limit: 5 });
    const reads = server.commands.filter(({ name }) => ['find', 'aggregate'].includes(name));
    // The driver leaves out the preference for the primary.
    expect(reads.map(({ command: { $readPreference, readConcern } }) => [$readPreference, readConcern])).to.deep.equal(
      Array(3).fill([undefined, { level: 'majority' }]),
    );
  });
});
