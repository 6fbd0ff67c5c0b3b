import { EventEmitter } from 'node:events';
import { expect } from 'chai';
import { BSONRegExp, type ChangeStream, MongoClient, ObjectId } from 'mongodb';
import { ChangeFeed } from '../src/stores/mongo/change-feed.ts';
import { NoResponse, StoreClient } from '../src/stores/mongo/client.ts';
import type { LogCollection } from '../src/stores/mongo/collection.ts';
import { encodePosition } from '../src/stores/mongo/ids.ts';
import { LastFailure } from '../src/stores/mongo/last-failure.ts';
import { floorOf } from '../src/stores/mongo/object-ids.ts';
import { Poller } from '../src/stores/mongo/poller.ts';
import type { Watch } from '../src/stores/mongo/watch.ts';
import { Follower } from './contract/follower.ts';
import { mongoServer, mongoStore, namespace, pymodm, stopMongos } from './support/mongo.ts';
import { WatchStage } from './support/mongo-watch.ts';
import { eventually, log } from './support/service.ts';

const wf = { workspaceID: 'ws', workflowID: 'wf' };

describe('MongoLogStore in an order of calls that the router does not use', () => {
  afterEach(stopMongos);

  it('opens the change stream even if subscribe() is the first call of all', async () => {
    const server = await mongoServer();
    const store = mongoStore(server, { pollMs: 60_000 });
    let calls = 0;
    store.subscribe(() => calls++, wf);
    await eventually(async () => (await store.health()).figures.changeStream === 1);
    const before = calls;
    await server.insert(namespace, [pymodm(log('first'))]);
    await eventually(() => calls > before);
  });

  it('notifies of logs also if the server was away when the subscription began', async () => {
    const server = await mongoServer({ replicaSet: false });
    const store = mongoStore(server, { server: `${server.uri}?serverSelectionTimeoutMS=50` });
    await server.stop();
    let calls = 0;
    store.subscribe(() => calls++, wf);
    const error = await store.end(wf).catch((thrown: unknown) => thrown);
    expect(error).to.be.an.instanceOf(Error);
    await server.restart();
    await server.insert(namespace, [pymodm(log('first'))]);
    await eventually(() => calls > 0);
    const before = calls;
    await server.insert(namespace, [pymodm(log('second'))]);
    await eventually(() => calls > before);
  });

  it("sends nothing through the user's client after close(), even if a subscription began just before", async () => {
    const server = await mongoServer({ replicaSet: false });
    const client = new MongoClient(server.uri, { monitorCommands: true });
    const finds: string[] = [];
    client.on('commandStarted', ({ commandName }) => commandName === 'find' && finds.push('started'));
    client.on('commandSucceeded', ({ commandName }) => commandName === 'find' && finds.push('succeeded'));
    try {
      const store = mongoStore(server, { server: client, pollMs: 1 });
      server.fail({ failCommands: ['find'], blockConnection: true, blockTimeMS: 50 }, 2);
      const release = store.subscribe(() => {}, wf);
      // The first reads of the watch.
      await eventually(() => finds.filter((name) => name === 'started').length === 2);
      await store.close();
      store.subscribe(() => {}, { ...wf, workflowID: 'other' });
      // They end. A poll would follow them, as it does in another store.
      await eventually(() => finds.length === 4);
      const before = server.commands.length;
      mongoStore(server, { pollMs: 1 }).subscribe(() => {}, wf);
      await eventually(() => server.commands.slice(before).filter(({ name }) => name === 'find').length >= 10);
      release();
      expect(finds.toSorted()).to.deep.equal(['started', 'started', 'succeeded', 'succeeded']);
    } finally {
      await client.close();
    }
  });

  it('polls once per pollMs after listeners have left and come during a slow poll', async () => {
    const gate = Promise.withResolvers<void>();
    let looks = 0;
    const watch = {
      list: { arrivals: { end: 0 } },
      lateCompleteAt: 0,
      look: () => {
        looks++;
        return gate.promise;
      },
    };
    const timing = { now: () => 0, pollMs: 20, settleMs: 1, lateMs: 1, lateEveryMs: 60_000, maxArrivals: 1 };
    const poller = new Poller(watch as unknown as Watch, timing, () => true);
    for (let i = 0; i < 8; i++) {
      poller.start();
      poller.stop();
    }
    poller.start();
    gate.resolve();
    const began = performance.now();
    await eventually(() => looks >= 9 + 8);
    poller.stop();
    expect(performance.now() - began).to.be.at.least(8 * 19);
  });
});

describe('MongoLogStore and ids that it has not made', () => {
  afterEach(stopMongos);

  for (const [what, id] of [
    ['of the future', encodePosition({ ms: Date.now() + 3_600_000, list: '0', n: 0, previous: undefined }, wf)],
    [
      'of another workflow',
      encodePosition({ ms: Date.now(), list: '0', n: 0, previous: undefined }, { ...wf, workflowID: 'other' }),
    ],
    ['without a check', `p-${Date.now().toString(36)}-0-0-0`],
  ] as const) {
    it(`reports a gap for a position ${what}, and delivers everything`, async () => {
      const server = await mongoServer({ replicaSet: false });
      const store = mongoStore(server);
      await server.insert(namespace, [pymodm(log('stored'))]);
      const { cursor, gap } = await store.resume(id, wf);
      expect(gap).to.equal('unknown-id');
      const follower = new Follower(store, wf, cursor);
      await follower.until('stored');
    });
  }
});

describe('MongoLogStore and documents of other writers', () => {
  afterEach(stopMongos);

  it("delivers a regular expression of another language, whatever the client's options", async () => {
    const server = await mongoServer({ replicaSet: false });
    const client = new MongoClient(server.uri, { promoteValues: false, promoteBuffers: true });
    try {
      const store = mongoStore(server, { server: client });
      const follower = new Follower(store, wf, await store.end(wf));
      const odd = { ...pymodm(log('odd')), description: new BSONRegExp('(?i)a(?#b)'), duration: 12 };
      await server.insert(namespace, [odd, { ...pymodm(log('number')), duration: 12 }]);
      await server.insert(namespace, [pymodm(log('end'))]);
      await follower.until('end');
      expect(follower.messages.toSorted()).to.deep.equal(['end', 'number', 'odd']);
      const { logs } = await store.query({ filter: wf, order: 'asc', limit: 5 });
      expect(logs.map((entry) => entry.log?.duration).toSorted()).to.deep.equal(['', 12, '12'].toSorted());
      expect(JSON.stringify(logs.map((entry) => entry.log?.description))).to.include('(?i)a(?#b)');
    } finally {
      await client.close();
    }
  });

  it('finds documents by the time that it delivers for them, whichever field has it', async () => {
    const server = await mongoServer({ replicaSet: false });
    const store = mongoStore(server);
    const at = Date.UTC(2026, 0, 1, 12);
    const from = (message: string, time: unknown, timestamp: unknown) => {
      const { meta, ...rest } = pymodm(log(message));
      return { ...rest, time, meta: { ...meta, timestamp } };
    };
    await server.insert(namespace, [
      from('number', new Date(0), at),
      from('date', new Date(0), new Date(at)),
      from('time', new Date(at), null),
      from('id', null, undefined),
      from('id and text', 'yesterday', null),
      from('early', new Date(0), at - 1),
      from('late', new Date(0), at + 1_000),
    ]);
    const messages = async (fromMs: number, toMs: number, search?: string) => {
      const filter = { ...wf, fromMs, toMs, ...(search && { search }) };
      const { logs, total } = await store.query({ filter, order: 'asc', limit: 10 });
      expect(total).to.equal(logs.length);
      return logs.map((entry) => entry.log?.message).toSorted();
    };
    expect(await messages(at, at + 1_000)).to.deep.equal(['date', 'number', 'time']);
    expect(await messages(at, at + 1_000, 'UMB')).to.deep.equal(['number']);
    const now = Date.now();
    expect(await messages(now - 60_000, now + 60_000)).to.deep.equal(['id', 'id and text']);
  });

  for (const filter of [{ workspaceID: 'ws' }, { workflowID: 'wf' }, {}]) {
    it(`delivers by a change stream what matches ${JSON.stringify(filter)}`, async () => {
      const server = await mongoServer();
      const store = mongoStore(server, { pollMs: 60_000 });
      const follower = new Follower(store, filter, await store.end(filter));
      const following = follower.until('end');
      await eventually(async () => (await store.health()).figures.changeStream === 1);
      await server.insert(namespace, [pymodm(log('end'))]);
      await following;
      expect(follower.messages).to.deep.equal(['end']);
    });
  }

  it('a stream of all workflows goes on behind a document that names none', async () => {
    const server = await mongoServer({ replicaSet: false });
    const store = mongoStore(server);
    const follower = new Follower(store, {}, await store.end({}));
    for (const meta of [undefined, null, 'text', [wf]]) {
      await server.insert(namespace, [{ ...pymodm(log(`meta ${JSON.stringify(meta)}`)), meta }]);
    }
    await server.insert(namespace, [pymodm(log('end'))]);
    await follower.until('end');
    expect(follower.messages).to.have.length(5);
  });
});

describe('the client that MongoLogStore creates', () => {
  it('bounds the time of a response from MongoDB, so that a connection lost unnoticed stops no stream for long', async () => {
    const timeouts = (uri: string) => {
      const { socketTimeoutMS, serverSelectionTimeoutMS } = new StoreClient(uri, 7_000).current.options;
      return { socketTimeoutMS, serverSelectionTimeoutMS };
    };
    expect(timeouts('mongodb://localhost')).to.deep.equal({ socketTimeoutMS: 28_000, serverSelectionTimeoutMS: 5_000 });
    expect(timeouts('mongodb://localhost/?sockettimeoutms=9&serverSelectionTimeoutMS=8')).to.deep.equal({
      socketTimeoutMS: 9,
      serverSelectionTimeoutMS: 8,
    });
  });
});

describe('the client of MongoLogStore', () => {
  const never = new Promise<never>(() => {});

  it('gives up on a command that the driver never settles', async () => {
    const silent = { connect: async () => {}, options: { serverSelectionTimeoutMS: 0 } } as unknown as MongoClient;
    const error = await new StoreClient(silent, 5).run(() => never).catch((thrown: unknown) => thrown);
    expect(error)
      .to.be.an.instanceOf(NoResponse)
      .and.to.have.property('message', 'MongoDB has not responded within 20 ms');
  });

  it("replaces its own client of MongoDB, but not the user's, when no server is found for a while", async () => {
    const uri = 'mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=20';
    const users = new MongoClient(uri);
    for (const [server, isReplaced] of [
      [uri, true],
      [users, false],
    ] as const) {
      const client = new StoreClient(server, 1_000);
      const first = client.current;
      for (let i = 0; i < 4; i++) await client.run(() => never).catch(() => {});
      expect(client.current !== first).to.equal(isReplaced);
      await client.close();
    }
    await users.close();
  });
});

describe('a watch whose list of arrivals is full', () => {
  it('a watch whose list of arrivals is full finds logs after it has dropped one of a writer whose clock is ahead', async () => {
    const stage = new WatchStage({ maxArrivals: 256 });
    await stage.begin();
    stage.show(-3_600_000);
    await stage.watch.look();
    for (let i = 0; i < 600; i++) stage.show();
    await stage.pass(3_000);
    expect(stage.watch.list.boundary > floorOf(stage.now)).to.equal(true);
    const { end } = stage.watch.list.arrivals;
    const next = stage.show();
    await stage.pass(3_000);
    expect(stage.listed.slice(end - stage.watch.list.arrivals.start)).to.deep.equal([next]);
    expect(stage.watch.timeBefore(stage.watch.list.arrivals.start)).to.be.at.most(stage.now);
  });
});

describe('a change stream', () => {
  it('a change stream delivers an insert after a look for what may precede it, also when the driver has opened it again', async () => {
    const emitter = new EventEmitter();
    const idle = Promise.withResolvers<null>();
    const [first, second] = [new ObjectId(), new ObjectId()];
    const insertOf = (_id: ObjectId) => ({ operationType: 'insert', fullDocument: { _id } });
    // The driver opens a stream again by itself. A server that has sent no resume token then omits inserts.
    const results = [() => insertOf(first), () => null, () => emitter.emit('close') && insertOf(second), () => null];
    let calls = 0;
    const stream = Object.assign(emitter, {
      closed: false,
      resumeToken: undefined,
      tryNext: async () => results[calls++]?.() ?? (calls > results.length ? idle.promise : null),
      close: async () => idle.resolve(null),
    });
    const collection = {
      changes: () => stream as unknown as ChangeStream,
      nextChange: () => stream.tryNext(),
      failure: new LastFailure(),
    };
    const seen: string[] = [];
    const feed = new ChangeFeed(collection as unknown as LogCollection, {
      onInsert: (id) => seen.push(id),
      onOpen: async () => void seen.push('look'),
      onQuiet: () => {},
      onRefused: () => {},
    });
    feed.start();
    await eventually(() => calls > results.length);
    feed.stop();
    expect(seen).to.deep.equal(['look', first.toHexString(), 'look', second.toHexString()]);
  });
});
