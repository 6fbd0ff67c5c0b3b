import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { createParser } from 'eventsource-parser';
import express, { type RequestHandler } from 'express';
import { logStreamRouter } from '../../packages/log-stream/src/index.ts';
import { MongoLogStore } from '../../packages/log-stream/src/stores/mongo/index.ts';
import { type ScriptedMongo, startMongo } from '../../packages/log-stream/test/mongo-server/server.ts';
import { idAt, namespace, pymodm } from '../../packages/log-stream/test/support/mongo.ts';
import { log } from '../../packages/log-stream/test/support/service.ts';
import { sseRouter } from '../../packages/sse-proxy/src/index.ts';
import { cleaner, until } from '../../packages/sse-proxy/test/support/until.ts';

/** More seconds than a resume repeats, with enough logs in each that it repeats more than 1,000. */
const secondsWritten = 5;
const perSecond = 500;
const path = '/wfm/workflow/workspace/ws/workflow/wf/logs/stream';
const { add, clean } = cleaner();

async function listen(handler: RequestHandler, port = 0): Promise<Server> {
  const server = createServer(express().use(handler)).listen(port, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

const portOf = (server: Server) => (server.address() as AddressInfo).port;

/** Starts a log service, and returns a function that ends it as a crash does. */
async function startService(mongo: ScriptedMongo, port = 0): Promise<{ port: number; crash: () => Promise<void> }> {
  // The logs of several seconds are written at once: polls find the older ones by looking for late documents.
  const times = { pollMs: 50, lateEveryMs: 200 };
  const store = new MongoLogStore({ server: mongo.uri, database: 'etl', collection: 'logs', ...times });
  const router = logStreamRouter({ store, token: false, retryMs: false, onError: () => {} });
  const server = await listen(router, port);
  const crash = async () => {
    server.closeAllConnections();
    server.close();
    await router.close({ graceMs: 0 });
    await store.close();
  };
  return { port: portOf(server), crash };
}

/** Every message that a browser is shown, and the reasons of the gaps. */
async function browse(url: string) {
  const shown = { messages: [] as string[], gaps: [] as string[] };
  const abort = add(new AbortController(), (it) => it.abort());
  const parser = createParser({
    onEvent: ({ event, data }) => {
      if (event === undefined) shown.messages.push(JSON.parse(data).message);
      else if (event.endsWith('gap')) shown.gaps.push(JSON.parse(data).reason);
    },
  });
  const response = await fetch(url, { signal: abort.signal });
  const read = async () => {
    for await (const text of response.body?.pipeThrough(new TextDecoderStream()) ?? []) parser.feed(text);
  };
  void read().catch(() => {});
  return shown;
}

describe('a restart of the log service over MongoDB, with 500 logs a second in one workflow', () => {
  afterEach(clean);

  for (const [how, replicaSet] of [
    ['a change stream', 'rs0'],
    ['polls', false],
  ] as const) {
    it(`shows no log twice and omits none to browsers behind the proxy, with ${how} [R35] [row 4]`, async () => {
      const mongo = add(await startMongo({ replicaSet, recordCommands: false }), (it) => it.stop());
      let service = await startService(mongo);
      add(undefined, () => service.crash());
      const target = `http://127.0.0.1:${service.port}${path}`;
      const options = { target, warnings: false, resume: { minDelayMs: 20, maxDelayMs: 200 } };
      const router = add(sseRouter({ '/dedicated': options, '/shared': { ...options, share: true } }), (it) =>
        it.close(),
      );
      const bff = add(await listen(router), (it) => {
        it.closeAllConnections();
        it.close();
      });
      const browsers = await Promise.all(
        ['dedicated', 'shared'].map((route) => browse(`http://127.0.0.1:${portOf(bff)}/${route}`)),
      );
      await until(() => router.stats().open === 2);

      const now = Date.now();
      const expected = new Set<string>();
      const write = async (agoMs: number, count: number) => {
        const documents = Array.from({ length: count }, () => {
          const message = `m${expected.size}`;
          expected.add(message);
          return pymodm(log(message), idAt(now - agoMs));
        });
        await mongo.insert(namespace, documents);
      };
      for (let second = secondsWritten; second >= 0; second--) {
        await write(second * 1_000, perSecond);
        await until(() => browsers.every(({ messages }) => messages.length >= expected.size));
      }
      await service.crash();
      // These become visible while no service runs, among those that were delivered.
      await write(1_500, 20);
      service = await startService(mongo, service.port);
      await write(0, 20);
      await until(() => browsers.every(({ messages }) => new Set(messages).size === expected.size));
      await write(0, 1);
      const [last] = [...expected].slice(-1);
      await until(() => browsers.every(({ messages }) => messages.includes(String(last))));
      for (const { messages, gaps } of browsers) {
        expect(gaps).to.deep.equal([]);
        expect(messages.length - new Set(messages).size, 'shown twice').to.equal(0);
        expect(new Set(messages)).to.deep.equal(expected);
      }
    });
  }
});
