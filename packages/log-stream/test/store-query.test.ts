import { expect } from 'chai';
import { SqliteLogStore } from '../src/index.ts';
import { cursorAt } from './support/numbers.ts';
import { log, logs, messagesOf } from './support/service.ts';

const wf = { workspaceID: 'ws', workflowID: 'wf' };

describe('queries of SqliteLogStore', () => {
  let store: SqliteLogStore;
  afterEach(() => store.close());

  it('pages in ascending order report logs that were deleted behind their cursor, and no others', async () => {
    store = new SqliteLogStore({ path: ':memory:', maxLogs: 6 });
    await store.append(logs(4));
    const at = (seq: number) => cursorAt(store, seq);
    const page = (query: object) => store.query({ filter: wf, order: 'asc', limit: 2, ...query });
    const first = await page({});
    expect([messagesOf(first.logs), first.trimmed]).to.deep.equal([['m0', 'm1'], false]);
    // Deletes m0 and m1, which the client has.
    await store.append(logs(4, 'n'));
    expect(await page({ cursor: await at(2) })).to.deep.include({ trimmed: false, more: true });
    expect((await page({ after: await at(1) })).trimmed).to.equal(true);
    expect((await page({ after: await at(1), order: 'desc' })).trimmed).to.equal(true);
    expect((await page({ cursor: await at(4), order: 'desc' })).trimmed).to.equal(false);
    expect((await page({})).trimmed).to.equal(false);
    await store.append(logs(1, 'o'));
    const next = await page({ cursor: await at(2) });
    expect([messagesOf(next.logs), next.trimmed]).to.deep.equal([['m3', 'n0'], true]);
  });

  it('deleting logs of one workflow affects no other workflow', async () => {
    store = new SqliteLogStore({ path: ':memory:', maxLogs: 3 });
    await store.append([log('a'), log('b', { workflowID: 'other' }), log('c', { workflowID: 'other' }), log('d')]);
    await store.append(logs(2, 'o', { workflowID: 'other' }));
    // Deleted: a, b and c.
    expect((await store.bounds(wf)).firstSeq).to.equal(2);
    expect((await store.bounds({ ...wf, workflowID: 'other' })).firstSeq).to.equal(4);
    expect((await store.bounds({ ...wf, workflowID: 'third' })).firstSeq).to.equal(1);
    expect((await store.bounds()).firstSeq).to.equal(4);
    const after = await cursorAt(store, 1);
    expect((await store.read(after, wf, 9)).gap).to.equal(undefined);
    expect((await store.query({ filter: wf, order: 'asc', limit: 9, after })).trimmed).to.equal(false);
  });
});
