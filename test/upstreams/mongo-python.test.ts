import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import express from 'express';
import { MongoClient } from 'mongodb';
import { logStreamRouter } from '../../packages/log-stream/src/index.ts';
import { MongoLogStore } from '../../packages/log-stream/src/stores/mongo/index.ts';
import { startMongo } from '../../packages/log-stream/test/mongo-server/server.ts';
import { PythonWriter } from '../../packages/log-stream/test/support/mongo-processes.ts';
import { cleaner, until } from '../../packages/sse-proxy/test/support/until.ts';
import { needs } from '../support/needs.ts';
import { ReturningClient } from './support/returning-client.ts';

const readers = 5;
/** Logs of each writer that every reader must have received before the writer is killed. */
const logsPerWriter = 5;
const path = '/wfm/workflow/workspace/ws/workflow/wf/logs/stream';

describe('the log service over MongoDB, while Python programs write', () => {
  needs('pymongo');
  const { add, clean } = cleaner();
  afterEach(clean);

  async function serve(store: MongoLogStore): Promise<string> {
    const router = logStreamRouter({ store, token: false });
    const server = createServer(express().use(router)).listen(0, '127.0.0.1');
    add(server, (it) => it.close());
    add(router, (it) => it.close({ graceMs: 0 }));
    await once(server, 'listening');
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`;
  }

  for (const [way, changeStream] of [
    ['a change stream', 'auto'],
    ['polls', false],
  ] as const) {
    it(`streams by ${way} every log of Python writers that are killed and restarted, once`, async () => {
      const mongo = add(await startMongo(), (it) => it.stop());
      const server = mongo.uri.replace('/?', '/etl?');
      const store = add(new MongoLogStore({ server, collection: 'logs', changeStream, pollMs: 50 }), (it) =>
        it.close(),
      );
      const url = await serve(store);
      const clients = Array.from({ length: readers }, () => add(new ReturningClient(url), (it) => it.close()));
      await until(() => clients.every(({ visits }) => visits === 1));
      const write = (prefix: string, count: number) =>
        add(new PythonWriter(mongo.uri, 'etl.logs', prefix, count, 0.01), (it) => it.kill());
      const delivered = (message: string | undefined) => clients.every((client) => client.has(message));

      for (const prefix of ['a', 'b']) {
        const killed = write(prefix, 0);
        await until(() => delivered(`${prefix}${logsPerWriter - 1}`));
        await killed.kill();
      }
      const last = write('c', logsPerWriter);
      await last.ended();
      await until(() => delivered(last.acknowledged.at(-1)));

      const client = add(new MongoClient(mongo.uri), (it) => it.close());
      const stored = await client.db('etl').collection('logs').find().toArray();
      const messages = stored.map(({ message }) => message).sort();
      await until(() => clients.every((it) => it.messages.length >= messages.length));
      for (const { messages: received, gaps } of clients) {
        expect(gaps).to.deep.equal([]);
        expect([...received].sort()).to.deep.equal(messages);
      }
    });
  }
});
