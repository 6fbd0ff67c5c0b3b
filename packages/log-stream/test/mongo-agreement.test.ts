import { expect } from 'chai';
import type { LogDocument } from '../src/index.ts';
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

describe('pages and streams of MongoDB while a pipeline writes', () => {
  afterEach(async () => {
    leaveStreams();
    await stopServices();
    await stopMongos();
  });

  for (const [replicaSet, how] of [
    ['rs0', 'by change stream'],
    [false, 'by polls'],
  ] as const) {
    for (const query of ['', 'search=A1', 'log_level=error']) {
      it(`the union of the pages${query && ` with ${query}`} is exactly what was streamed ${how}, each log once`, async () => {
        const server = await mongoServer({ replicaSet });
        const store = mongoStore(server, { lateEveryMs: 1_000 });
        const { url } = await service({ store, demoRoute: false });
        const get = async (more: string) => {
          const answer = await fetch(`${url}${logsPath}?${query}&${more}`);
          return { ...((await answer.json()) as Page), position: String(answer.headers.get('last-event-id')) };
        };
        /** What the viewer does: a page of the newest logs, then a stream from its position on; repeats are known by id. */
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
            await server.insert(namespace, [pymodm(log(`${prefix}${i}`, { logLevel }), id)], { visibleAfterMs: w });
          }
        });
        const spliced: ReturnType<typeof splice>[] = [];
        for (let i = 0; i < splices; i++) {
          spliced.push(splice());
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
        await Promise.all(writing);
        await server.insert(namespace, [pymodm(log(end, { logLevel: 'ERROR' }))]);
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
