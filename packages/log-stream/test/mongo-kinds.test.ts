import { deserialize, serialize } from 'bson';
import { expect } from 'chai';
import { type Document, MongoClient } from 'mongodb';
import { Follower } from './contract/follower.ts';
import type { MongoOptions, ScriptedMongo } from './mongo-server/server.ts';
import type { Rewrite } from './mongo-server/server-state.ts';
import { idAt, mongoServer, mongoStore, namespace, pymodm, stopMongos } from './support/mongo.ts';
import { eventually, log, logs, logsPath, service, stopServices } from './support/service.ts';
import { leaveStreams, openStream } from './support/sse.ts';

const handshakes = ['hello', 'isMaster', 'ismaster'];
const without = (document: Document, ...names: string[]): Document =>
  Object.fromEntries(Object.entries(document).filter(([name]) => !names.includes(name)));
const wf = { workspaceID: 'ws', workflowID: 'wf' };
const withOption = (uri: string, option: string) => `${uri}${uri.includes('?') ? '&' : '?'}${option}`;
const everyTime = Number.POSITIVE_INFINITY;

/** Replies of `hello` without some fields, or with others. */
const helloWith =
  (change: (reply: Document) => Document): Rewrite =>
  (name, reply) =>
    handshakes.includes(name) ? change(reply) : reply;

const changeBatches =
  (change: (cursor: Document) => Document): Rewrite =>
  (_name, reply) =>
    reply.cursor ? { ...reply, cursor: change(reply.cursor) } : reply;

const withoutDocuments = (batch: Uint8Array[] | undefined) =>
  batch?.map((bytes) => serialize(without(deserialize(bytes, { promoteValues: false }), 'fullDocument')));

/** Servers that differ from the one of the other tests, as far as the driver's documentation allows. */
const kinds: readonly [what: string, options: MongoOptions, changeStream: 0 | 1][] = [
  [
    'is a router of a sharded cluster',
    {
      rewrite: helloWith((reply) => ({
        ...without(reply, 'setName', 'setVersion', 'hosts', 'me', 'primary', 'electionId', 'secondary', 'lastWrite'),
        msg: 'isdbgrid',
      })),
    },
    1,
  ],
  ['has no topologyVersion', { rewrite: helloWith((reply) => without(reply, 'topologyVersion')) }, 1],
  ['has no localTime', { rewrite: helloWith((reply) => without(reply, 'localTime')) }, 1],
  ['has no sessions', { rewrite: helloWith((reply) => without(reply, 'logicalSessionTimeoutMinutes')) }, 1],
  [
    'knows only the older name of hello',
    {
      rewrite: (name, reply) =>
        name === 'hello' ? { ok: 0, code: 59, errmsg: "no such command: 'hello'" } : without(reply, 'helloOk'),
    },
    1,
  ],
  ['sends no times', { rewrite: (_name, reply) => without(reply, 'operationTime', '$clusterTime') }, 1],
  ['sends no token with a batch', { rewrite: changeBatches((cursor) => without(cursor, 'postBatchResumeToken')) }, 1],
  [
    'sends changes without their documents',
    {
      rewrite: (name, reply) =>
        name === 'getMore' && reply.cursor?.nextBatch
          ? { ...reply, cursor: { ...reply.cursor, nextBatch: withoutDocuments(reply.cursor.nextBatch) } }
          : reply,
    },
    1,
  ],
  ['is alone, without change streams', { replicaSet: false }, 0],
];

/** Collects the process warnings about the collection. */
function warnings() {
  const found: string[] = [];
  const listen = ({ message }: Error) => message.startsWith(namespace) && found.push(message);
  process.on('warning', listen);
  return { found, stop: () => process.off('warning', listen) };
}

describe('the log service over a MongoDB server that', () => {
  let warned: ReturnType<typeof warnings>;
  beforeEach(() => {
    warned = warnings();
  });
  afterEach(async () => {
    warned.stop();
    leaveStreams();
    await stopServices();
    await stopMongos();
  });

  async function insert(server: ScriptedMongo, prefix: string): Promise<void> {
    await server.insert(
      namespace,
      logs(3, prefix).map((it) => pymodm(it)),
    );
  }

  for (const [what, options, changeStream] of kinds) {
    it(`a MongoDB server that ${what}: streams deliver every log once, also after its connections were closed`, async () => {
      const server = await mongoServer(options);
      // The driver finds a server without topologyVersion again only by a new client: see StoreClient.
      const option = 'serverSelectionTimeoutMS=300';
      const uri = what.includes('sharded') ? server.uri.replace(/\?.*/, `?${option}`) : withOption(server.uri, option);
      const { url, store } = await service({ store: mongoStore(server, { server: uri }), demoRoute: false });
      const stream = await openStream(`${url}${logsPath}/stream`);
      await eventually(async () => (await store.health()).figures.changeStream === changeStream);
      await insert(server, 'a');
      await stream.untilMessage('a2');
      server.disconnect();
      await insert(server, 'b');
      await stream.untilMessage('b2');
      expect(stream.messages).to.deep.equal(['a0', 'a1', 'a2', 'b0', 'b1', 'b2']);
      expect(stream.text).not.to.include('sse-proxy:gap');
      const page = await (await fetch(`${url}${logsPath}`)).json();
      expect(page.total).to.equal(6);
    });
  }

  for (const [what, code, text] of [
    ['has no change streams', 40573, 'no change stream'],
    ['gives this user no change stream', 13, 'no change stream'],
    ['has no change streams of views and time-series collections', 166, 'no change stream'],
    ['has not implemented change streams', 238, 'no change stream'],
    ['refuses change streams for a reason of its own', 8_000, 'no change stream'],
  ] as const) {
    it(`a MongoDB server that ${what}: one process warning says so, and new logs are polled for`, async () => {
      const server = await mongoServer();
      await server.insert(namespace, [pymodm(log('old'))]);
      server.fail({ failCommands: ['aggregate'], errorCode: code }, everyTime);
      const store = mongoStore(server);
      await store.ensureIndexes();
      const { url } = await service({ store, demoRoute: false });
      const stream = await openStream(`${url}${logsPath}/stream`);
      await insert(server, 'a');
      await stream.untilMessage('a2');
      await eventually(() => warned.found.length > 0);
      await insert(server, 'b');
      await stream.untilMessage('b2');
      expect(stream.messages).to.deep.equal(['a0', 'a1', 'a2', 'b0', 'b1', 'b2']);
      expect(warned.found).to.have.length(1);
      expect(warned.found[0])
        .to.include(text)
        .and.to.match(/^[^\n]+, so new logs are polled for$/);
    });
  }

  it('a MongoDB server that refuses change streams for a while: a change stream is used as soon as it can be opened', async () => {
    const server = await mongoServer();
    server.fail({ failCommands: ['aggregate'], errorCode: 8_000 }, 5);
    const { url, store } = await service({ store: mongoStore(server), demoRoute: false });
    const stream = await openStream(`${url}${logsPath}/stream`);
    await insert(server, 'a');
    await stream.untilMessage('a2');
    await eventually(async () => (await store.health()).figures.changeStream === 1);
    await insert(server, 'b');
    await stream.untilMessage('b2');
    expect(stream.messages).to.deep.equal(['a0', 'a1', 'a2', 'b0', 'b1', 'b2']);
  });

  for (const code of [136, 260, 280, 286, 9_999]) {
    it(`a MongoDB server that refuses a resume with ${code}: the change stream begins anew, without omitting or repeating a log`, async () => {
      const server = await mongoServer();
      const { url, store } = await service({ store: mongoStore(server, { pollMs: 60_000 }), demoRoute: false });
      const stream = await openStream(`${url}${logsPath}/stream`);
      await eventually(async () => (await store.health()).figures.changeStream === 1);
      await insert(server, 'a');
      await stream.untilMessage('a2');
      server.fail({ failCommands: ['getMore'], errorCode: code });
      // The driver does not resume after such an error, and the first attempts of the store fail too.
      server.fail({ failCommands: ['aggregate'], errorCode: code }, code === 9_999 ? 3 : 1);
      await insert(server, 'b');
      await stream.untilMessage('b2');
      await eventually(async () => (await store.health()).figures.changeStream === 1);
      await insert(server, 'c');
      await stream.untilMessage('c2');
      expect(stream.messages).to.deep.equal(['a0', 'a1', 'a2', 'b0', 'b1', 'b2', 'c0', 'c1', 'c2']);
      expect(stream.text).not.to.include('sse-proxy:gap');
    });
  }

  it('a MongoDB server without read concern majority: reads go on without it, after one process warning', async () => {
    const server = await mongoServer({
      rewrite: (name, reply, { readConcern }) =>
        name !== 'hello' && readConcern?.level === 'majority'
          ? { ok: 0, code: 148, errmsg: 'Majority read concern requested, but it is not supported' }
          : reply,
    });
    const store = mongoStore(server);
    const follower = new Follower(store, wf, await store.end(wf));
    await insert(server, 'a');
    await follower.until('a2');
    expect(follower.messages).to.deep.equal(['a0', 'a1', 'a2']);
    expect(warned.found.filter((it) => it.includes('no read concern majority'))).to.have.length(1);
    const finds = server.commands.filter(({ name }) => name === 'find');
    expect(finds.at(-1)?.command.readConcern).to.deep.equal({ level: 'local' });
  });

  it('a MongoDB server that refuses to explain, to list and to create indexes: logs are read without a hint', async () => {
    const server = await mongoServer({ replicaSet: false });
    for (const name of ['explain', 'listIndexes', 'createIndexes']) {
      server.fail({ failCommands: [name], errorCode: 13 }, everyTime);
    }
    const store = mongoStore(server);
    const refused = await store.ensureIndexes().catch((error: unknown) => error);
    expect(refused).to.include({ code: 13 });
    const { url } = await service({ store, demoRoute: false });
    const stream = await openStream(`${url}${logsPath}/stream`);
    await insert(server, 'a');
    await stream.untilMessage('a2');
    expect(stream.messages).to.deep.equal(['a0', 'a1', 'a2']);
    expect((await (await fetch(`${url}${logsPath}`)).json()).total).to.equal(3);
    expect(warned.found).to.deep.equal([]);
  });

  for (const replicaSet of ['rs0', false] as const) {
    it(`a MongoDB server without the collection and its database: pages are empty, and streams get what is inserted (${replicaSet || 'alone'})`, async () => {
      const server = await mongoServer({ replicaSet });
      const { url } = await service({ store: mongoStore(server), demoRoute: false });
      expect((await (await fetch(`${url}${logsPath}`)).json()).total).to.equal(0);
      const stream = await openStream(`${url}${logsPath}/stream`);
      await insert(server, 'a');
      await stream.untilMessage('a2');
      expect(stream.messages).to.deep.equal(['a0', 'a1', 'a2']);
    });
  }

  it('a capped collection deletes its oldest documents: subscribers who have received them go on without a gap', async () => {
    const server = await mongoServer();
    const store = mongoStore(server);
    const follower = new Follower(store, wf, await store.end(wf));
    for (const round of ['a', 'b', 'c']) {
      await insert(server, round);
      await follower.until(`${round}2`);
      server.remove(namespace, { message: { $in: logs(2, round).map(({ message }) => message) } });
    }
    expect(follower.messages).to.deep.equal(['a', 'b', 'c'].flatMap((it) => [0, 1, 2].map((i) => `${it}${i}`)));
    expect(follower.gaps).to.deep.equal([]);
  });

  it('a client with its own read concern and preference: the change stream gets those of the store', async () => {
    const server = await mongoServer();
    const client = new MongoClient(`${server.uri}&readConcernLevel=local&readPreference=secondaryPreferred`);
    try {
      const store = mongoStore(server, { server: client });
      const follower = new Follower(store, wf, await store.end(wf));
      const release = store.subscribe(() => {}, wf);
      await eventually(async () => (await store.health()).figures.changeStream === 1);
      await server.insert(namespace, [pymodm(log('end'), idAt(Date.now()))]);
      await follower.until('end');
      release();
    } finally {
      await client.close();
    }
  });
});
