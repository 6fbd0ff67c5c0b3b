import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'chai';
import { type Document, MongoClient } from 'mongodb';
import type { LogDocument, LogStore } from '../src/index.ts';
import { MongoLogStore } from '../src/stores/mongo/index.ts';
import { idAt, mongoServer, mongoStore, namespace, pymodm, stopMongos } from './support/mongo.ts';
import { log, logsPath, service, stopServices } from './support/service.ts';
import { leaveStreams, openStream } from './support/sse.ts';

const writers = ['a', 'b', 'c'];
const perWriter = 60;
const splices = 4;
/** The last log. */
const end = 'a1 end';

interface Page {
  ids: string[];
  logs: LogDocument[];
  nextCursor: string | null;
  total: number;
}

/** A store, and a way to write into its collection. */
interface Target {
  readonly store: LogStore;
  insert(document: Document): Promise<unknown>;
  close?(): Promise<unknown>;
}

async function scripted(replicaSet: string | false): Promise<Target> {
  const server = await mongoServer({ replicaSet });
  const store = mongoStore(server, { lateEveryMs: 1_000 });
  return { store, insert: (document) => server.insert(namespace, [document]) };
}

async function real(changeStream: 'auto' | false): Promise<Target> {
  const server = String(process.env.MONGODB_URI);
  const database = `agreement_${randomBytes(6).toString('hex')}`;
  const store = new MongoLogStore({
    server,
    database,
    collection: 'logs',
    changeStream,
    pollMs: 20,
    lateEveryMs: 1_000,
  });
  await store.ensureIndexes();
  const client = new MongoClient(server);
  return {
    store,
    insert: (document) => client.db(database).collection('logs').insertOne(document),
    close: async () => {
      await client.db(database).dropDatabase();
      await client.close();
    },
  };
}

const targets: [how: string, open: () => Promise<Target>][] = [
  ['by change stream', () => scripted('rs0')],
  ['by polls', () => scripted(false)],
];
if (process.env.MONGODB_URI) {
  targets.push(['by change stream of MONGODB_URI', () => real('auto')], ['by polls of MONGODB_URI', () => real(false)]);
}

describe('pages and streams of MongoDB while a pipeline writes', () => {
  let target: Target | undefined;
  before(() => {
    if (!process.env.MONGODB_URI) console.log('    MongoDB: not run here, no server');
  });
  afterEach(async () => {
    leaveStreams();
    await stopServices();
    await target?.close?.();
    await stopMongos();
  });

  for (const [how, open] of targets) {
    for (const query of ['', 'search=A1', 'log_level=error']) {
      it(`the union of the pages${query && ` with ${query}`} is exactly what was streamed ${how}, each log once`, async () => {
        target = await open();
        const { store, insert } = target;
        const { url } = await service({ store, demoRoute: false });
        const get = async (more: string) => {
          const answer = await fetch(`${url}${logsPath}?${query}&${more}`);
          return { ...((await answer.json()) as Page), position: String(answer.headers.get('last-event-id')) };
        };
        /**
         * What the viewer does: a page of the newest logs, then a stream from its position on; repeats are known by id.
         */
        const splice = async () => {
          const { ids, position } = await get('limit=500');
          const live = await openStream(`${url}${logsPath}/stream?${query}`, { lastEventId: position });
          return { live, known: () => new Set([...ids, ...live.events.map(({ id }) => id)]) };
        };
        const stream = await openStream(`${url}${logsPath}/stream?${query}`);
        const writing = writers.map(async (prefix, w) => {
          for (let i = 0; i < perWriter; i++) {
            const logLevel = i % 3 === 0 ? 'ERROR' : 'INFO';
            // Of every writer some documents become visible a second after their id was made.
            const id = idAt(Date.now() - (i % 5 === 0 ? 1_000 : 0));
            await pause(w);
            await insert(pymodm(log(`${prefix}${i}`, { logLevel }), id));
          }
        });
        const spliced: ReturnType<typeof splice>[] = [];
        for (let i = 0; i < splices; i++) {
          spliced.push(splice());
          await pause(20);
        }
        await Promise.all(writing);
        await insert(pymodm(log(end, { logLevel: 'ERROR' })));
        const { total } = await get('limit=1');
        await stream.until(() => stream.events.length >= total);

        const streamed = stream.events.map(({ id }) => id);
        expect(new Set(streamed).size).to.equal(streamed.length);
        const bytes = new Map(stream.events.map(({ id, log: sent }) => [id, JSON.stringify(sent)]));
        const paged: string[] = [];
        for (let cursor: string | null = ''; cursor !== null; ) {
          const page: Page = await get(`limit=17&cursor=${cursor}`);
          expect(page.total).to.equal(streamed.length);
          paged.push(...page.ids);
          // A repeat is recognised by its bytes: they are the same on both ways.
          for (const [i, id] of page.ids.entries()) expect(JSON.stringify(page.logs[i])).to.equal(bytes.get(id));
          cursor = page.nextCursor;
        }
        expect(paged.toSorted()).to.deep.equal(streamed.toSorted());
        for (const { live, known } of await Promise.all(spliced)) {
          await live.until(() => known().size >= total);
          expect([...known()].toSorted()).to.deep.equal(streamed.toSorted());
        }
      });
    }
  }
});
