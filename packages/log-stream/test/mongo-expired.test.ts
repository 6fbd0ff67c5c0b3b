import { expect } from 'chai';
import { MongoClient } from 'mongodb';
import type { LogFilter } from '../src/index.ts';
import { encodePosition } from '../src/stores/mongo/ids.ts';
import { resumed } from './contract/follower.ts';
import type { ScriptedMongo } from './mongo-server/server.ts';
import { idAt, mongoServer, mongoStore, namespace, pymodm, stopMongos } from './support/mongo.ts';
import { log, logs } from './support/service.ts';

const wf = { workspaceID: 'ws', workflowID: 'wf' };
const dayMs = 86_400_000;

async function expireAfter(server: ScriptedMongo, ms: number): Promise<void> {
  const client = new MongoClient(server.uri);
  await client
    .db('etl')
    .collection('logs')
    .createIndex({ time: 1 }, { expireAfterSeconds: ms / 1_000 });
  await client.close();
}

describe('a position of MongoLogStore that another process has given', () => {
  afterEach(stopMongos);

  async function gapsOf(server: ScriptedMongo, id: string, filter: LogFilter = wf): Promise<string[]> {
    const follower = await resumed(mongoStore(server), filter, id);
    while (await follower.read());
    return follower.gaps;
  }

  for (const [what, agoMs, behindAgoMs, gaps] of [
    ['is reported as a gap if it is older than the expiry of an index', 8 * dayMs, undefined, ['unknown-id']],
    ['is no gap in an empty workflow if it is younger than the expiry', dayMs, undefined, []],
    ['is no gap if the log in front of it has expired, and no log behind it can have expired', dayMs, 8 * dayMs, []],
    ['is reported as a gap if the log in front of it was deleted before it expired', dayMs, 2 * dayMs, ['unknown-id']],
    ['is no gap in front of all logs', Number.POSITIVE_INFINITY, undefined, []],
  ] as const) {
    it(`a position from another process ${what}`, async () => {
      const server = await mongoServer({ replicaSet: false });
      await expireAfter(server, 7 * dayMs);
      const previous = behindAgoMs === undefined ? undefined : idAt(Date.now() - behindAgoMs).toHexString();
      await server.insert(namespace, [pymodm(log('stored'))]);
      const ms = Math.max(0, Date.now() - agoMs);
      expect(await gapsOf(server, encodePosition({ ms, list: '0', n: 0, previous }, wf))).to.deep.equal(gaps);
    });
  }

  it('a position from another process is no gap if only logs of another workflow were deleted', async () => {
    const server = await mongoServer({ replicaSet: false });
    const store = mongoStore(server);
    await server.insert(
      namespace,
      [...logs(3), log('theirs', { workflowID: 'other' })].map((it) => pymodm(it)),
    );
    const id = store.idOf(await store.end(wf), wf, 'position');
    server.remove(namespace, { 'meta.workflowID': 'other' });
    expect(await gapsOf(server, id)).to.deep.equal([]);
  });

  it('a position from another process is checked against logs of its workflow, also those that the filter excludes', async () => {
    const server = await mongoServer({ replicaSet: false });
    const errors = { ...wf, levels: ['ERROR'] as const };
    await server.insert(
      namespace,
      [3, 2, 1].map((days) => pymodm(log(`${days}`), idAt(Date.now() - days * dayMs))),
    );
    const before = await resumed(mongoStore(server), errors, '');
    while (await before.read(2));
    expect(before.messages).to.deep.equal([]);
    server.remove(namespace, { message: { $in: ['3', '2'] } });
    expect(await gapsOf(server, before.lastId, errors)).to.deep.equal([]);
    server.remove(namespace, {});
    expect(await gapsOf(server, before.lastId, errors)).to.deep.equal(['unknown-id']);
  });

  it('a page that begins after a position from another process reports logs that are missing', async () => {
    const server = await mongoServer({ replicaSet: false });
    const store = mongoStore(server);
    await server.insert(
      namespace,
      logs(3).map((it) => pymodm(it)),
    );
    const id = store.idOf(await store.end(wf), wf, 'position');
    const trimmed = async () => {
      const after = await store.locate(id, wf, 'position');
      return (await store.query({ filter: wf, order: 'asc', limit: 5, ...(after && { after }) })).trimmed;
    };
    expect(await trimmed()).to.equal(false);
    server.remove(namespace, {});
    expect(await trimmed()).to.equal(true);
  });
});
