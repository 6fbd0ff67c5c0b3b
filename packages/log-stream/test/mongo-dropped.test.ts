import { expect } from 'chai';
import { type Document, MongoClient } from 'mongodb';
import { indexKey } from '../src/stores/mongo/selection.ts';
import { Follower } from './contract/follower.ts';
import type { ScriptedMongo } from './mongo-server/server.ts';
import { mongoServer, mongoStore, namespace, pymodm, stopMongos } from './support/mongo.ts';
import { eventually, log } from './support/service.ts';

const wf = { workspaceID: 'ws', workflowID: 'wf' };

describe('MongoLogStore and what others do to its collection', () => {
  const clients: MongoClient[] = [];
  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.close()));
    await stopMongos();
  });

  function collectionOf(server: ScriptedMongo) {
    const client = new MongoClient(server.uri);
    clients.push(client);
    return client.db('etl').collection('logs');
  }

  it('opens a new change stream after the collection was dropped', async () => {
    const server = await mongoServer();
    const store = mongoStore(server);
    await store.ensureIndexes();
    const streams = (): Document[] =>
      server.commands.flatMap(({ command }) => command.pipeline?.[0].$changeStream ?? []);
    const follower = new Follower(store, wf, await store.end(wf));
    // The store ends its change stream while it has no subscriber.
    store.subscribe(() => {}, store.tailOf(wf));
    await eventually(() => server.cursors === 1);
    await server.insert(namespace, [pymodm(log('m1'))]);
    await follower.until('m1');

    const before = streams().length;
    await collectionOf(server).drop();
    // A stream can't be resumed behind the end of its collection.
    await eventually(() => streams().length > before && server.cursors === 1);
    expect(streams().slice(before)).to.deep.equal([{}]);
    await server.insert(namespace, [pymodm(log('m2'))]);
    await follower.until('m2');
    expect(follower.messages).to.deep.equal(['m1', 'm2']);
  });

  it('accepts its index under a name that another program gave it', async () => {
    const server = await mongoServer();
    await collectionOf(server).createIndex({ ...indexKey }, { name: 'by_workflow' });
    const store = mongoStore(server);
    await store.ensureIndexes();
    await store.end(wf);
    const [find] = server.commands.filter(({ name }) => name === 'find');
    expect(find?.command.hint).to.equal('by_workflow');
  });
});
