import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect } from 'chai';
import { SqliteLogStore } from '../src/index.ts';
import { log, logs, messagesOf } from './support/service.ts';

const wf = { workspaceID: 'ws', workflowID: 'wf' };

describe('queries of SqliteLogStore', () => {
  let store: SqliteLogStore;
  afterEach(() => store.close());

  it('pages in ascending order tell of logs that were deleted behind their cursor, and of no others', async () => {
    store = new SqliteLogStore({ path: ':memory:', maxLogs: 6 });
    await store.append(logs(4));
    const page = (query: object) => store.query({ filter: wf, order: 'asc', limit: 2, ...query });
    const first = await page({});
    expect([messagesOf(first.logs), first.trimmed]).to.deep.equal([['m0', 'm1'], false]);
    // Deletes m0 and m1, which the client has.
    await store.append(logs(4, 'n'));
    expect(await page({ cursorSeq: 2 })).to.deep.include({ trimmed: false, more: true });
    expect((await page({ afterSeq: 1 })).trimmed).to.equal(true);
    expect((await page({ afterSeq: 1, order: 'desc' })).trimmed).to.equal(true);
    expect((await page({ cursorSeq: 4, order: 'desc' })).trimmed).to.equal(false);
    expect((await page({})).trimmed).to.equal(false);
    await store.append(logs(1, 'o'));
    const next = await page({ cursorSeq: 2 });
    expect([messagesOf(next.logs), next.trimmed]).to.deep.equal([['m3', 'n0'], true]);
  });

  it('the deletion of logs of one workflow concerns no other one', async () => {
    store = new SqliteLogStore({ path: ':memory:', maxLogs: 3 });
    await store.append([log('a'), log('b', { workflowID: 'other' }), log('c', { workflowID: 'other' }), log('d')]);
    await store.append(logs(2, 'o', { workflowID: 'other' }));
    // Deleted: a, b and c.
    expect((await store.bounds(wf)).firstSeq).to.equal(2);
    expect((await store.bounds({ ...wf, workflowID: 'other' })).firstSeq).to.equal(4);
    expect((await store.bounds({ ...wf, workflowID: 'third' })).firstSeq).to.equal(1);
    expect((await store.bounds()).firstSeq).to.equal(4);
    expect((await store.read(1, wf, 9)).firstSeq).to.equal(2);
    expect((await store.query({ filter: wf, order: 'asc', limit: 9, afterSeq: 1 })).trimmed).to.equal(false);
  });

  it('a page of large logs ends early, and says that there are more', async () => {
    store = new SqliteLogStore({ path: ':memory:' });
    const large = logs(12, 'x'.repeat(900_000));
    await store.append(large);
    for (const order of ['asc', 'desc'] as const) {
      const seqs: number[] = [];
      let cursorSeq: number | undefined;
      for (let more = true; more; ) {
        const page = await store.query({ filter: wf, order, limit: 500, ...(cursorSeq && { cursorSeq }) });
        expect(page.logs.length).to.be.within(1, 5);
        expect(page.total).to.equal(12);
        seqs.push(...page.logs.map(({ seq }) => seq));
        cursorSeq = seqs.at(-1);
        ({ more } = page);
      }
      const expected = large.map((_, i) => i + 1);
      expect(seqs).to.deep.equal(order === 'asc' ? expected : expected.reverse());
    }
  });

  it('searches run in turns of the event loop, however many run and however large the logs are', async () => {
    store = new SqliteLogStore({ path: ':memory:' });
    await store.append(logs(5_000));
    await store.append(logs(30, 'x'.repeat(900_000)));
    let turns = 0;
    let searching = true;
    void (async () => {
      for (; searching; turns++) await nextTurn();
    })();
    const searches = [1, 2, 3].map(() =>
      store.query({ filter: { ...wf, search: 'nothing' }, order: 'desc', limit: 9 }),
    );
    expect((await Promise.all(searches)).map(({ total }) => total)).to.deep.equal([0, 0, 0]);
    searching = false;
    // 27 MB in parts of at most 4 MB, and 5,000 rows in parts of at most 1,000; each part has a turn of its own.
    expect(turns).to.be.above(3 * 10);
  });

  it('a search ends when nobody waits for it', async () => {
    store = new SqliteLogStore({ path: ':memory:' });
    await store.append(logs(5_000));
    const left = new AbortController();
    const search = store.query({ filter: { ...wf, search: 'nothing' }, order: 'asc', limit: 9, signal: left.signal });
    left.abort(new Error('left'));
    const thrown = await search.catch((error: unknown) => error);
    expect(thrown).to.be.instanceOf(Error).with.property('message', 'left');
    expect((await store.health()).problem).to.equal(undefined);
  });
});
