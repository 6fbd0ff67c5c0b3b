import { expect } from 'chai';
import type { ScriptedMongo } from './mongo-server/server.ts';
import { mongoServer, mongoStore, namespace, pymodm, stopMongos } from './support/mongo.ts';
import { eventually, log, logs, logsPath, service, stopServices } from './support/service.ts';
import { leaveStreams, openStream } from './support/sse.ts';

type Fault = (server: ScriptedMongo) => unknown;

const everywhere = ['find', 'aggregate', 'getMore'];
const stepDown = async (server: ScriptedMongo) => {
  server.stepDown();
  server.disconnect();
  const before = server.hellos;
  await eventually(() => server.hellos > before);
  server.stepUp();
};
const faults: readonly [what: string, fault: Fault][] = [
  ['all connections are closed', (server) => server.disconnect()],
  ['a command closes its connection', (server) => server.fail({ failCommands: everywhere, closeConnection: true }, 2)],
  ['a reply is lost', (server) => server.fail({ failCommands: everywhere, loseReply: true }, 2)],
  ['the primary steps down and is elected again', stepDown],
  ['cursors are killed', (server) => server.killCursors()],
  ['the history of changes is lost', (server) => server.loseHistory()],
  [
    'commands are slow',
    (server) => server.fail({ failCommands: everywhere, blockConnection: true, blockTimeMS: 150 }, 2),
  ],
  ['commands exceed their time', (server) => server.fail({ failCommands: everywhere, errorCode: 50 }, 2)],
  ['the server restarts', (server) => server.restart()],
];

describe('streams over MongoDB while the server fails', () => {
  afterEach(async () => {
    leaveStreams();
    await stopServices();
    await stopMongos();
  });

  for (const [replicaSet, how] of [
    ['rs0', 'change streams'],
    [false, 'polls'],
  ] as const) {
    for (const [what, fault] of faults) {
      // Only a replica set has elections.
      if (!replicaSet && fault === stepDown) continue;
      it(`${how} deliver every log once, without a gap, when ${what}`, async () => {
        const server = await mongoServer({ replicaSet });
        const errors: Error[] = [];
        const store = mongoStore(server);
        const { url } = await service({ store, demoRoute: false, onError: (error) => errors.push(error) });
        const streams = await Promise.all([1, 2].map(() => openStream(`${url}${logsPath}/stream`)));
        const expected: string[] = [];
        for (let round = 0; round < 8; round++) {
          const documents = logs(3, `r${round}-`);
          expected.push(...documents.map(({ message }) => message));
          if (round % 3 === 1) await fault(server);
          await server.insert(
            namespace,
            documents.map((it) => pymodm(it)),
          );
          if (round % 3 === 0) await Promise.all(streams.map((stream) => stream.untilMessage(`r${round}-2`)));
        }
        server.heal();
        await server.insert(namespace, [pymodm(log('end'))]);
        for (const stream of streams) {
          await stream.untilMessage('end');
          expect(stream.messages).to.deep.equal([...expected, 'end']);
          expect(stream.text).not.to.include('sse-proxy:gap');
        }
        expect(errors).to.deep.equal([]);
      });
    }
  }

  it('a gap is reported if the history of changes is lost and the newest delivered log is not stored any more', async () => {
    const server = await mongoServer();
    const { url, store } = await service({ store: mongoStore(server, { pollMs: 60_000 }), demoRoute: false });
    const stream = await openStream(`${url}${logsPath}/stream`);
    await eventually(async () => (await store.health()).figures.changeStream === 1);
    await server.insert(namespace, [pymodm(log('delivered'))]);
    await stream.untilMessage('delivered');
    server.remove(namespace, {});
    server.loseHistory();
    await stream.until((text) => text.includes('sse-proxy:gap'));
    await server.insert(namespace, [pymodm(log('next'))]);
    await stream.untilMessage('next');
    expect(stream.text.match(/event: sse-proxy:gap\ndata: .*/g)).to.deep.equal([
      'event: sse-proxy:gap\ndata: {"reason":"trimmed"}',
    ]);
    expect(stream.messages).to.deep.equal(['delivered', 'next']);
  });

  it('a server that refuses change streams is polled, after a process warning', async () => {
    const server = await mongoServer();
    server.fail({ failCommands: ['aggregate'], errorCode: 40573 }, Number.POSITIVE_INFINITY);
    const { url, store } = await service({ store: mongoStore(server), demoRoute: false });
    const warned = Promise.withResolvers<Error>();
    process.once('warning', (warning) => warning.message.includes('no change stream') && warned.resolve(warning));
    const stream = await openStream(`${url}${logsPath}/stream`);
    await warned.promise;
    await server.insert(
      namespace,
      logs(3).map((it) => pymodm(it)),
    );
    await stream.untilMessage('m2');
    expect((await store.health()).figures.changeStream).to.equal(0);
  });

  it('a server that is away when the store is opened is used as soon as it is there', async () => {
    const server = await mongoServer({ replicaSet: false });
    const store = mongoStore(server, { server: `${server.uri}?serverSelectionTimeoutMS=100` });
    await server.stop();
    const { url, app } = await service({ store, demoRoute: false });
    const { default: request } = await import('supertest');
    for (const path of ['/healthz', `${logsPath}/stream`, logsPath]) await request(app).get(path).expect(503);
    await server.restart();
    await eventually(async () => (await request(app).get('/healthz')).status === 200);
    const stream = await openStream(`${url}${logsPath}/stream`);
    await server.insert(namespace, [pymodm(log('first'))]);
    await stream.untilMessage('first');
  });

  it('new streams get 503 while the server is away, and open ones go on when it is back', async () => {
    const server = await mongoServer({ replicaSet: false });
    const store = mongoStore(server, { server: `${server.uri}?serverSelectionTimeoutMS=100` });
    const errors: Error[] = [];
    const { url, app } = await service({ store, demoRoute: false, onError: (error) => errors.push(error) });
    const stream = await openStream(`${url}${logsPath}/stream`);
    await server.insert(namespace, [pymodm(log('before'))]);
    await stream.untilMessage('before');
    await server.stop();
    const { default: request } = await import('supertest');
    for (const path of ['/healthz', `${logsPath}/stream`, logsPath]) await request(app).get(path).expect(503);
    expect(new Set(errors).size).to.equal(errors.length);
    await server.restart();
    await server.insert(namespace, [pymodm(log('after'))]);
    await stream.untilMessage('after');
    expect(stream.messages).to.deep.equal(['before', 'after']);
    await eventually(async () => (await request(app).get('/healthz')).status === 200);
  });
});
