import { expect } from 'chai';
import { SqliteLogStore } from '../src/index.ts';
import { seqOf } from './support/numbers.ts';
import { log, logs, logsPath, service, stopServices } from './support/service.ts';
import { leaveStreams, openStream } from './support/sse.ts';

const other = { workspaceID: 'other', workflowID: 'other' };

describe('what one workflow shows of others', () => {
  afterEach(async () => {
    leaveStreams();
    await stopServices();
  });

  it('pages and ids are the same whether another workflow logs nothing or a thousand times as much', async () => {
    const seen: unknown[] = [];
    for (const noise of [0, 1_000]) {
      const { url, store } = await service();
      for (let i = 0; i < 3; i++) await store.append([...logs(noise, 'noise', other), log(`own${i}`)]);
      const answer = await fetch(`${url}${logsPath}?limit=2`);
      const { ids, nextCursor, ...page } = await answer.json();
      const position = String(answer.headers.get('last-event-id'));
      for (const id of [...ids, nextCursor, position]) expect(id).to.match(/^[\w-]{22}$/);
      const rest = await (await fetch(`${url}${logsPath}?limit=2&cursor=${nextCursor}`)).json();
      seen.push({ page, rest: { ...rest, ids: rest.ids.length } });
      // Ids of one workflow, in the order of its logs, show no order: nothing can be counted between two of them.
      const stream = await openStream(`${url}${logsPath}/stream?history=3`);
      await stream.untilMessage('own2');
      expect(stream.events.map(({ id }) => id)).to.deep.equal([...rest.ids, ...ids.toReversed()]);
    }
    expect(seen[1]).to.deep.equal(seen[0]);
  });

  it('a client that polls a page can’t count how often other workflows log', async () => {
    const { url, store } = await service();
    await store.append([log('own')]);
    const positions = new Set<string | null>();
    const poll = async () => positions.add((await fetch(`${url}${logsPath}?limit=1`)).headers.get('last-event-id'));
    for (let i = 0; i < 5; i++) await poll();
    // Without a log of anybody, the position has another id each time, as it has with one.
    expect(positions.size).to.equal(5);
    await store.append(logs(10, 'noise', other));
    for (let i = 0; i < 5; i++) await poll();
    expect(positions.size).to.equal(10);
  });

  it('a trimmed log of one workflow causes no gap event in the streams of others', async () => {
    const { url, store } = await service({ store: new SqliteLogStore({ path: ':memory:', maxLogs: 60 }) });
    await store.append([log('own1'), ...logs(50, 'noise', other), log('own2')]);
    const { nextCursor } = await (await fetch(`${url}${logsPath}?limit=1&order=asc`)).json();
    await store.append(logs(20, 'noise', other));
    const first = await store.query({ filter: {}, order: 'asc', limit: 1 });
    expect(first.logs.map(seqOf)[0]).to.be.above(2);
    const next = await (await fetch(`${url}${logsPath}?limit=1&order=asc&cursor=${nextCursor}`)).json();
    expect([next.logs[0].message, next.gap]).to.deep.equal(['own2', null]);
  });
});
