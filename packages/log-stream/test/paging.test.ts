import { expect } from 'chai';
import fc from 'fast-check';
import request from 'supertest';
import type { LogDocument } from '../src/index.ts';
import { log, logs, logsPath, type Service, service, stopServices } from './support/service.ts';

/** Requests all pages one after the other; `between` runs after each. */
async function walk({ app }: Service, query: string, between: () => Promise<unknown> = async () => {}) {
  const messages: string[] = [];
  const totals: number[] = [];
  let cursor: string | null = '';
  while (cursor !== null) {
    const { body }: request.Response = await request(app).get(`${logsPath}?${query}&cursor=${cursor}`).expect(200);
    messages.push(...body.logs.map((entry: LogDocument) => entry.message));
    totals.push(body.total);
    cursor = body.nextCursor;
    if (cursor !== null) await between();
  }
  return { messages, totals };
}

describe('the pages of …/logs', () => {
  afterEach(stopServices);

  for (const order of ['asc', 'desc'] as const) {
    it(`pages contain each of many logs of one millisecond once, ${order}`, async () => {
      const all = await service();
      await all.store.append(logs(23));
      const expected = logs(23).map(({ message }) => message);
      if (order === 'desc') expected.reverse();
      for (const limit of [1, 2, 22, 23, 24]) {
        const { messages, totals } = await walk(all, `limit=${limit}&order=${order}`);
        expect(messages).to.deep.equal(expected);
        expect(new Set(totals)).to.deep.equal(new Set([23]));
      }
    });
  }

  it('the last page has no cursor, even if it is full', async () => {
    const { app, store } = await service();
    await store.append(logs(2));
    const { body } = await request(app).get(`${logsPath}?limit=2`);
    expect(body).to.include({ nextCursor: null, total: 2 });
  });

  it('pages in descending order show the logs of the first page’s moment while logs are appended', async () => {
    const all = await service();
    await all.store.append(logs(10, 'old'));
    let n = 0;
    // With older timestamps, because order is by insertion: a late log must not appear on an earlier page.
    const { messages, totals } = await walk(all, 'limit=3', () =>
      all.store.append(logs(4, `new${n++}-`, { timestamp: 1758531240000 - n * 60_000 })),
    );
    expect(messages).to.deep.equal(
      logs(10, 'old')
        .map(({ message }) => message)
        .reverse(),
    );
    expect(totals).to.deep.equal([10, 14, 18, 22]);
  });

  it('pages in ascending order continue with logs that are appended meanwhile', async () => {
    const all = await service();
    await all.store.append(logs(4, 'old'));
    let n = 0;
    const { messages } = await walk(all, 'limit=3&order=asc', async () => {
      if (n < 3) await all.store.append(logs(3, `new${n++}-`));
    });
    const fresh = [0, 1, 2].flatMap((i) => logs(3, `new${i}-`));
    expect(messages).to.deep.equal([...logs(4, 'old'), ...fresh].map(({ message }) => message));
  });

  it('pages contain exactly the matching logs for any filter, order, limit and appends (property)', async () => {
    const level = fc.constantFrom('DEBUG', 'INFO', 'WARN', 'ERROR' as const);
    const entry = fc.record({
      logLevel: level,
      workflowID: fc.constantFrom('wf', 'other'),
      word: fc.constantFrom('ab', 'Ab%', '_', 'ÄB'),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(entry, { maxLength: 40 }),
        fc.array(fc.array(entry, { maxLength: 5 }), { minLength: 1, maxLength: 5 }),
        fc.uniqueArray(level, { maxLength: 4 }),
        fc.constantFrom('', 'B', '%', '_', 'äb'),
        fc.constantFrom('asc', 'desc'),
        fc.integer({ min: 1, max: 7 }),
        async (before, meanwhile, levels, search, order, limit) => {
          const all = await service();
          let n = 0;
          const made: LogDocument[] = [];
          const add = async (entries: typeof before) => {
            const documents = entries.map(({ word, ...rest }) => log(`${n++} ${word}`, rest));
            made.push(...documents);
            await all.store.append(documents);
          };
          await add(before);
          const query = `limit=${limit}&order=${order}&log_level=${levels.join()}&search=${encodeURIComponent(search)}`;
          const { messages } = await walk(all, query, () => add(meanwhile.shift() ?? []));
          const matching = (order === 'asc' ? made : made.slice(0, before.length).reverse()).filter(
            ({ logLevel, message, meta }) =>
              meta.workflowID === 'wf' &&
              (levels.length === 0 || levels.includes(logLevel)) &&
              message.toLowerCase().includes(search.toLowerCase()),
          );
          expect(messages).to.deep.equal(matching.map(({ message }) => message));
          await stopServices();
        },
      ),
      { numRuns: 60 },
    );
  });
});
