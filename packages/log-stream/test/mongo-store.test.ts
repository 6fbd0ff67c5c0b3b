import { expect } from 'chai';
import { ObjectId } from 'mongodb';
import { Follower, resumed } from './contract/follower.ts';
import { idAt, mongoServer, mongoStore, namespace, pymodm, stopMongos } from './support/mongo.ts';
import { eventually, log, logs, logsPath, service, stopServices } from './support/service.ts';
import { leaveStreams, openStream } from './support/sse.ts';

const wf = { workspaceID: 'ws', workflowID: 'wf' };

describe('MongoLogStore', () => {
  afterEach(async () => {
    leaveStreams();
    await stopServices();
    await stopMongos();
  });

  it('a poll for late documents finds what became visible after settleMs, delivers it once and counts it', async () => {
    const server = await mongoServer({ replicaSet: false });
    const store = mongoStore(server, { lateEveryMs: 60 });
    const follower = new Follower(store, wf, await store.end(wf));
    await server.insert(namespace, [pymodm(log('first'))]);
    await follower.until('first');
    await server.insert(namespace, [pymodm(log('late'), idAt(Date.now() - 20_000))]);
    await follower.until('late');
    await server.insert(namespace, [pymodm(log('end'))]);
    await follower.until('end');
    expect(follower.messages).to.deep.equal(['first', 'late', 'end']);
    expect((await store.health()).figures.lateDocuments).to.equal(1);
  });

  it('a resume in another process delivers a log that became visible after settleMs, between the two connections', async () => {
    const server = await mongoServer({ replicaSet: false });
    const before = mongoStore(server);
    const first = new Follower(before, wf, await before.end(wf));
    await server.insert(
      namespace,
      logs(3).map((it) => pymodm(it)),
    );
    await first.until('m2');
    await before.close();
    await server.insert(namespace, [pymodm(log('late'), idAt(Date.now() - 20_000))]);
    const second = await resumed(mongoStore(server), wf, first.lastId);
    await second.until('late');
    expect(second.gaps).to.deep.equal([]);
    expect(second.messages).to.not.include('m2');
  });

  it('follows writers whose clocks are behind, and one that is ahead', async () => {
    const server = await mongoServer({ replicaSet: false });
    const store = mongoStore(server, { lateEveryMs: 60 });
    const follower = new Follower(store, wf, await store.end(wf));
    for (let i = 0; i < 3; i++) {
      await server.insert(namespace, [pymodm(log(`behind${i}`), idAt(Date.now() - 10_000 + i * 1_000))]);
      await follower.until(`behind${i}`);
    }
    await server.insert(namespace, [pymodm(log('ahead'), idAt(Date.now() + 60_000)), pymodm(log('right'))]);
    await follower.until('ahead');
    await follower.until('right');
    await server.insert(namespace, [pymodm(log('end'))]);
    await follower.until('end');
    expect(follower.messages.toSorted()).to.deep.equal(['ahead', 'behind0', 'behind1', 'behind2', 'end', 'right']);
  });

  it('judges lateness by the clock of the server, and warns if that differs from the clock of this process', async () => {
    const server = await mongoServer({ replicaSet: false, clockOffsetMs: -30_000 });
    const warned = Promise.withResolvers<string>();
    const listen = ({ message }: Error) => message.includes('clock') && warned.resolve(message);
    process.on('warning', listen);
    const store = mongoStore(server, { lateEveryMs: 60_000 });
    const follower = new Follower(store, wf, await store.end(wf));
    expect(await warned.promise).to.match(/^etl\.logs: this clock is \d+ ms ahead of the server's$/);
    process.off('warning', listen);
    await server.insert(namespace, [pymodm(log('m0'), idAt(Date.now() - 30_000))]);
    await follower.until('m0');
    expect((await store.health()).figures.lateDocuments).to.equal(0);
  });

  it('leaves out documents whose _id is no ObjectId, in streams and in pages', async () => {
    for (const replicaSet of ['rs0', false] as const) {
      const server = await mongoServer({ replicaSet });
      const store = mongoStore(server);
      const follower = new Follower(store, wf, await store.end(wf));
      const odd = ['text', 7, null].map((_id) => ({ ...pymodm(log('odd')), _id }));
      await server.insert(namespace, [...odd, pymodm(log('end'))]);
      await follower.until('end');
      expect(follower.messages).to.deep.equal(['end']);
      expect((await store.query({ filter: wf, order: 'asc', limit: 9 })).total).to.equal(1);
    }
  });

  it('delivers a document that is no log as it is, and a gap in the place of one that is too large; no stream ends', async () => {
    for (const replicaSet of ['rs0', false] as const) {
      const server = await mongoServer({ replicaSet });
      const { url, store } = await service({ store: mongoStore(server, { maxLogBytes: 2_000 }), demoRoute: false });
      const stream = await openStream(`${url}${logsPath}/stream`);
      const { meta } = log('x');
      await server.insert(namespace, [
        { ...pymodm(log('odd')), message: { nested: [1] }, logLevel: 'LOUD' },
        { _id: new ObjectId(), meta: { ...meta, timestamp: 'soon' }, time: 5 },
        pymodm(log('large', { description: 'ü'.repeat(1_000) })),
        pymodm(log('end')),
      ]);
      await stream.untilMessage('end');
      const [odd, bare] = stream.events.map((event) => event.log) as unknown as Record<string, unknown>[];
      expect(odd)
        .to.include({ logLevel: 'LOUD' })
        .and.deep.include({ message: { nested: [1] } });
      expect(bare).to.deep.equal({ time: 5, meta: { ...meta, timestamp: 'soon' } });
      expect(stream.text.match(/"reason":"[^"]*"/g)).to.deep.equal(['"reason":"event-too-large"']);
      expect((await store.health()).figures.unmappedDocuments).to.equal(2);
      const page = await (await fetch(`${url}${logsPath}?order=asc`)).json();
      expect(page.ids.slice(0, 2)).to.deep.equal(stream.events.slice(0, 2).map(({ id }) => id));
      expect([page.logs.length, page.total, page.gap]).to.deep.equal([3, 4, 'event-too-large']);
    }
  });

  it('delivers everything in order to slow subscribers without buffering their logs: it reads the logs again', async () => {
    const server = await mongoServer({ recordCommands: false });
    const { url, router } = await service({ store: mongoStore(server), demoRoute: false });
    const fast = await openStream(`${url}${logsPath}/stream`);
    const slow = await openStream(`${url}${logsPath}/stream`, { reading: false });
    const description = 'x'.repeat(10_000);
    const documents = logs(800, 'm', { description }).map((it) => pymodm(it, idAt(Date.now())));
    for (let i = 0; i < documents.length; i += 100) await server.insert(namespace, documents.slice(i, i + 100));
    // Inserted after the others were found, because one look delivers its logs in ascending order of their ids.
    await eventually(() => router.streams()[0]?.events === documents.length);
    await server.insert(namespace, [pymodm(log('end'))]);
    await fast.untilMessage('end');
    await eventually(() => router.stats().waiting === 1);
    expect(router.stats().bufferedBytes).to.be.below(1024 * 1024);
    slow.read();
    await slow.untilMessage('end');
    expect(slow.messages).to.deep.equal(fast.messages);
    expect(slow.messages).to.have.length(801);
    expect(new Set(slow.messages).size).to.equal(801);
  });

  it('a page between two logs contains them and their neighbours, which a stream may have sent in between', async () => {
    const server = await mongoServer({ replicaSet: false });
    const store = mongoStore(server);
    const now = Math.floor(Date.now() / 1_000) * 1_000 - 60_000;
    const ids = [-20_000, -1_000, 0, 1_000, 2_000, 20_000].map((ms) => idAt(now + ms));
    await server.insert(
      namespace,
      ids.map((id, i) => pymodm(log(`m${i}`), id)),
    );
    const [after, upTo] = await Promise.all([ids[2], ids[4]].map((id) => store.locate(String(id), wf, 'event')));
    if (!after || !upTo) throw new Error('both are stored');
    const messages = async (range: object) =>
      (await store.query({ filter: wf, order: 'asc', limit: 9, ...range })).logs.map(({ log }) => log?.message);
    expect(await messages({ after, upTo })).to.deep.equal(['m1', 'm2', 'm3', 'm4']);
    expect(await messages({ upTo })).to.deep.equal(await messages({}).then((all) => all.slice(0, 5)));
    expect(await messages({ after })).to.deep.equal(await messages({}).then((all) => all.slice(3)));
  });

  it('demo route: streams and polls all workflows', async () => {
    const server = await mongoServer({ replicaSet: false });
    const { url } = await service({ store: mongoStore(server) });
    const stream = await openStream(`${url}/logs/stream`);
    await server.insert(namespace, [pymodm(log('a')), pymodm(log('b', { workflowID: 'other' }))]);
    await stream.untilMessage('b');
    expect(stream.text.match(/"pipeline":"[^"]*"/g)).to.deep.equal(['"pipeline":"wf"', '"pipeline":"other"']);
  });
});
