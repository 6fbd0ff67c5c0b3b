import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { type Document, MongoClient } from 'mongodb';
import { needs } from '../../../test/support/needs.ts';
import { cleaner, until } from '../../sse-proxy/test/support/until.ts';
import { startMongo } from './mongo-server/server.ts';
import { MongoProcess, PythonWriter } from './support/mongo-processes.ts';

const namespace = 'etl.logs';

describe('the scripted MongoDB server, written to by PyMongo', () => {
  needs('pymongo');
  const { add, clean } = cleaner();
  afterEach(clean);

  const write = (uri: string, prefix: string, count: number) =>
    add(new PythonWriter(uri, namespace, prefix, count), (it) => it.kill());
  const messages = (prefix: string, count: number) => Array.from({ length: count }, (_, i) => `${prefix}${i}`);

  for (const replicaSet of ['rs0', false] as const) {
    it(`stores what a Python writer inserts into ${replicaSet ? 'a replica set' : 'a standalone server'}`, async () => {
      const mongo = add(await startMongo({ replicaSet }), (it) => it.stop());
      const writer = write(mongo.uri, 'm', 5);
      await writer.ended();
      const client = add(new MongoClient(mongo.uri), (it) => it.close());
      const found: Document[] = await client
        .db('etl')
        .collection('logs')
        .find({}, { sort: { _id: 1 } })
        .toArray();
      expect(found.map(({ message }) => message)).to.deep.equal(messages('m', 5));
      expect(found[0]?.time).to.be.instanceOf(Date);
      expect(mongo.commands.some(({ name }) => name === 'insert')).to.equal(true);
    });
  }

  it('the scripted server keeps every log that it acknowledged to a Python writer, while both are killed and restarted', async () => {
    const folder = add(mkdtempSync(join(tmpdir(), 'mongo-')), (it) => rmSync(it, { recursive: true }));
    const mongo = add(await MongoProcess.start(join(folder, 'data')), (it) => it.kill());
    const killed = write(mongo.uri, 'a', 0);
    await until(() => killed.acknowledged.length >= 3);
    await killed.kill();
    const restarted = write(mongo.uri, 'b', 0);
    await until(() => restarted.acknowledged.length >= 3);
    await mongo.kill();
    await mongo.start();
    const before = restarted.acknowledged.length;
    await until(() => restarted.acknowledged.length >= before + 3);
    await restarted.kill();

    const client = add(new MongoClient(mongo.uri), (it) => it.close());
    const found = await client.db('etl').collection('logs').find().toArray();
    const stored: string[] = found.map(({ message }) => message);
    for (const { acknowledged } of [killed, restarted]) expect(stored).to.include.members(acknowledged);
    // The last log of each may have been stored but not yet acknowledged.
    expect(stored.length - killed.acknowledged.length - restarted.acknowledged.length).to.be.within(0, 2);
    expect(new Set(stored).size).to.equal(stored.length);
  });
});
