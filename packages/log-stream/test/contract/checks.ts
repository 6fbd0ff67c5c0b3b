import { expect } from 'chai';
import type { LogFilter, LogStore } from '../../src/index.ts';
import { log, logs } from '../support/service.ts';
import { Follower, resumed } from './follower.ts';
import { schedules } from './schedules.ts';
import { selections } from './selections.ts';
import type { Stage } from './stage.ts';

/** One promise of the contract, and a check that fails if a store breaks it. */
export interface Check {
  readonly title: string;
  run(stage: Stage): Promise<void>;
}

const wf: LogFilter = { workspaceID: 'ws', workflowID: 'wf' };
const other = { workflowID: 'other' };
const signal = AbortSignal.timeout(2 ** 30);

/** All ids of a workflow by its pages. */
async function pagedIds(store: LogStore, order: 'asc' | 'desc', limit: number): Promise<string[]> {
  const ids: string[] = [];
  for (let cursor = undefined as string | undefined; ; ) {
    const place = cursor === undefined ? undefined : await store.locate(cursor, wf, order);
    const page = await store.query({ filter: wf, order, limit, ...(place && { cursor: place }) });
    ids.push(...page.logs.map((entry) => store.idOf(entry.cursor, wf, 'event')));
    const last = page.logs.at(-1);
    if (!page.more || last === undefined) return ids;
    cursor = store.idOf(last.cursor, wf, order);
  }
}

/** A follower of what comes from now on. */
const live = async (store: LogStore) => new Follower(store, wf, await store.end(wf));
/** A follower of all that is stored. */
const fromStart = (store: LogStore) => resumed(store, wf, 'an unknown id');

export const checks: readonly Check[] = [
  {
    title: 'delivers what is stored, in reads of any size, each log once',
    async run(stage) {
      const store = await stage.open();
      await stage.write(logs(25));
      for (const limit of [1, 7, 100]) {
        const { cursor } = await store.resume('', wf);
        const follower = new Follower(store, wf, cursor, limit);
        await follower.until('m24');
        expect(follower.messages).to.deep.equal(logs(25).map(({ message }) => message));
      }
    },
  },
  {
    title: 'delivers what other programs write from now on, several logs of one millisecond, and nothing from before',
    async run(stage) {
      const store = await stage.open();
      await stage.write(logs(3, 'old'));
      const followers = [await live(store), await live(store)];
      await stage.write(logs(10));
      await stage.write([log('end')]);
      for (const follower of followers) {
        await follower.until('end');
        expect(follower.messages).to.deep.equal([...logs(10).map(({ message }) => message), 'end']);
      }
    },
  },
  {
    title: 'delivers logs that become visible late and out of order, each once on one connection',
    async run(stage) {
      const store = await stage.open();
      const follower = await live(store);
      await stage.write(logs(5, 'a'));
      await follower.until('a4');
      await stage.writeLate(logs(5, 'late'));
      await stage.writeUnordered(logs(30, 'b'));
      await stage.writeLate([log('end')]);
      const expected = [...logs(5, 'a'), ...logs(5, 'late'), ...logs(30, 'b'), log('end')].map(
        ({ message }) => message,
      );
      await follower.until(...expected);
      expect(follower.messages.toSorted()).to.deep.equal(expected.toSorted());
    },
  },
  {
    title: 'gives a log one id: in streams, in pages, in each process and after a restart',
    async run(stage) {
      const store = await stage.open();
      const follower = await live(store);
      await stage.writeUnordered(logs(12));
      await stage.write([log('end')]);
      await follower.until('end', ...logs(12).map(({ message }) => message));
      const ids = follower.received.map(({ id }) => id).toSorted();
      expect(new Set(ids).size).to.equal(13);
      const again = await stage.open();
      const replay = await fromStart(again);
      await replay.until('end', ...follower.messages);
      for (const found of [
        replay.received.map(({ id }) => id),
        await pagedIds(store, 'asc', 5),
        await pagedIds(again, 'desc', 4),
      ]) {
        expect(found.toSorted()).to.deep.equal(ids);
      }
      const byId = (follower: Follower) => new Map(follower.received.map(({ id, message }) => [id, message]));
      expect(byId(replay)).to.deep.equal(byId(follower));
    },
  },
  {
    title: 'resumes after any log without omitting one, also one that becomes visible late around the cut',
    async run(stage) {
      const store = await stage.open();
      const first = await live(store);
      await stage.write(logs(4, 'a'));
      await first.until('a3');
      await stage.writeLate(logs(3, 'late'));
      await stage.writeUnordered(logs(8, 'b'));
      await first.until(...[...logs(3, 'late'), ...logs(8, 'b')].map(({ message }) => message));
      for (const [index, { id }] of first.received.entries()) {
        const second = await resumed(store, wf, id);
        await stage.writeLate([log(`during${index}`)]);
        const behind = first.messages.slice(index + 1);
        await second.until(`during${index}`, ...behind);
        expect(second.messages).to.include.members(behind);
        expect(new Set(second.messages).size).to.equal(second.messages.length);
        expect(second.gaps).to.deep.equal([]);
      }
    },
  },
  {
    title: 'resumes after a log or a position in another process, also what became visible in between',
    async run(stage) {
      const before = await stage.open();
      const first = await live(before);
      const position = first.lastId;
      await stage.writeUnordered(logs(6, 'a'));
      await stage.write([log('cut')]);
      await first.until('cut', ...logs(6, 'a').map(({ message }) => message));
      await before.close();
      await stage.writeLate(logs(3, 'late'));
      await stage.write([log('end')]);
      const after = await stage.open();
      for (const [index, id] of [position, ...first.received.map(({ id }) => id)].entries()) {
        const second = await resumed(after, wf, id);
        await second.until(...first.messages.slice(index), 'late0', 'late1', 'late2', 'end');
        expect(second.gaps).to.deep.equal([]);
        expect(new Set(second.messages).size).to.equal(second.messages.length);
      }
    },
  },
  {
    title: 'goes on over a restart between any two calls',
    async run(stage) {
      const seen = new Set<string>();
      let store = await stage.open();
      const restart = async () => {
        await store.close();
        store = await stage.open();
      };
      let id = store.idOf(await store.end(wf), wf, 'position');
      for (let round = 0; round < 4; round++) {
        await restart();
        await (round % 2 === 0 ? stage.write(logs(3, `r${round}-`)) : stage.writeLate(logs(3, `r${round}-`)));
        await restart();
        const { cursor, gap } = await store.resume(id, wf);
        expect(gap).to.equal(undefined);
        const follower = new Follower(store, wf, cursor, 2);
        await follower.read();
        for (const { message } of follower.received) seen.add(message);
        id = follower.lastId;
        await restart();
        const page = await store.query({ filter: wf, order: 'asc', limit: 2 });
        const last = page.logs.at(-1);
        if (last === undefined) throw new Error('the page is empty');
        const pageEnd = store.idOf(last.cursor, wf, 'asc');
        await restart();
        const place = await store.locate(pageEnd, wf, 'asc');
        const next = await store.query({ filter: wf, order: 'asc', limit: 100, ...(place && { cursor: place }) });
        expect(page.logs.length + next.logs.length).to.equal(3 * (round + 1));
      }
      await restart();
      const rest = await resumed(store, wf, id);
      await stage.write([log('end')]);
      const all = [0, 1, 2, 3].flatMap((round) => logs(3, `r${round}-`).map(({ message }) => message));
      await rest.until('end', ...all.filter((message) => !seen.has(message)));
      for (const message of rest.messages) seen.add(message);
      expect([...seen].toSorted()).to.deep.equal([...all, 'end'].toSorted());
    },
  },
  {
    title: 'reports a gap for an id that it does not know, and delivers all that is stored',
    async run(stage) {
      const store = await stage.open();
      await stage.write([log('theirs', other), ...logs(3)]);
      const foreign = await resumed(store, { ...wf, ...other }, '');
      await foreign.until('theirs');
      const foreignId = String(foreign.received[0]?.id);
      for (const id of ['', 'hello', '7', foreignId, `${foreignId}0`, 'x'.repeat(5_000), 'é']) {
        const follower = await resumed(store, wf, id);
        await follower.until('m2');
        expect([follower.gaps, follower.messages], id).to.deep.equal([['unknown-id'], ['m0', 'm1', 'm2']]);
      }
      expect(await store.locate(foreignId, wf, 'event', 'position')).to.equal(undefined);
    },
  },
  {
    title: 'reports a gap for the id of a log that was deleted together with others behind it',
    async run(stage) {
      const store = await stage.open();
      await stage.write(logs(6));
      const first = await fromStart(store);
      await first.until('m5');
      await stage.deleteOldest(3);
      const again = await stage.open();
      for (const reader of [store, again]) {
        const follower = await resumed(reader, wf, String(first.received[0]?.id));
        await follower.until('m5');
        expect(follower.gaps).to.not.deep.equal([]);
        expect(follower.messages).to.deep.equal(['m3', 'm4', 'm5']);
      }
    },
  },
  {
    title: 'reports a gap for a position of another process if logs behind it were deleted, and otherwise none',
    async run(stage) {
      const before = await stage.open();
      const positionOf = async (filter: LogFilter) => before.idOf(await before.end(filter), filter, 'position');
      const quiet = { ...wf, ...other };
      const empty = await positionOf(quiet);
      await stage.write(logs(4, 'old'));
      const page = await before.query({ filter: wf, order: 'desc', limit: 1 });
      const positions = [await positionOf(wf), before.idOf(page.position, wf, 'position')];
      await before.close();
      await stage.write(logs(4));
      const comeBack = async (id: string, filter = wf) => {
        const follower = await resumed(await stage.open(), filter, id);
        while (await follower.read());
        return follower;
      };
      // The newest of the old ones is kept.
      await stage.deleteOldest(3);
      for (const id of positions) {
        const { gaps, messages } = await comeBack(id);
        expect([gaps, messages.slice(-4)]).to.deep.equal([[], ['m0', 'm1', 'm2', 'm3']]);
      }
      await stage.deleteOldest(3);
      for (const id of positions) {
        const { gaps, messages } = await comeBack(id);
        expect(gaps).to.have.length(1);
        expect(messages).to.deep.equal(['m2', 'm3']);
      }
      expect((await comeBack(empty, quiet)).gaps).to.deep.equal([]);
    },
  },
  {
    title: 'delivers the newest logs of a workflow first, on demand, and then what follows',
    async run(stage) {
      const store = await stage.open();
      expect(await store.newest(wf, 5, signal)).to.equal(undefined);
      await stage.write(logs(8));
      await stage.write(logs(3, 'theirs', other));
      const cursor = await store.newest(wf, 5, signal);
      if (cursor === undefined) throw new Error('there are logs');
      const follower = new Follower(store, wf, cursor);
      await stage.write([log('end')]);
      await follower.until('end');
      expect(follower.messages).to.deep.equal(['m3', 'm4', 'm5', 'm6', 'm7', 'end']);
    },
  },
  {
    title: 'pages contain each log once, and a stream from the position of a page omits none',
    async run(stage) {
      const store = await stage.open();
      await stage.writeUnordered(logs(23));
      for (const limit of [1, 5, 23, 50]) {
        const ascending = await pagedIds(store, 'asc', limit);
        expect(new Set(ascending).size).to.equal(23);
        expect((await pagedIds(store, 'desc', limit)).toReversed()).to.deep.equal(ascending);
      }
      const page = await store.query({ filter: wf, order: 'desc', limit: 50 });
      expect([page.total, page.more, page.trimmed]).to.deep.equal([23, false, false]);
      await stage.writeLate([log('late')]);
      const follower = await resumed(store, wf, store.idOf(page.position, wf, 'position'));
      await stage.write([log('end')]);
      await follower.until('end', 'late');
    },
  },
  {
    title: 'selects the same logs in pages and in streams: by level, by search and by workflow',
    async run(stage) {
      const store = await stage.open();
      await stage.write([
        log('Größe ÄNDERN', { logLevel: 'ERROR' }),
        log('.*', { description: '(a|b)+$' }),
        log('K 100% done', { logLevel: 'WARN', stageName: 'LOAD_A' }),
        log('line\nbreak "quoted" \\d', { description: 'back\\slash' }),
        log('theirs .*', other),
        log('of a run', { execID: 'Run-47', stageName: 'LOAD_B' }),
      ]);
      for (const [filter, expected] of [
        [{ search: 'Run-47' }, 1],
        [{ search: 'Run-47', levels: ['ERROR'] }, 0],
        [{ search: 'un-47' }, 0],
        [{ search: 'run-47' }, 0],
        [{ levels: ['ERROR'] }, 1],
        [{ levels: ['WARN', 'ERROR'] }, 2],
        [{ search: '.*' }, 1],
        [{ search: '^' }, 0],
        [{ search: '$' }, 1],
        [{ search: 'größe änd' }, 1],
        [{ search: 'k 100%' }, 1],
        [{ search: 'load_a', levels: ['WARN'] }, 1],
        [{ search: 'BREAK "QUOTED" \\D' }, 1],
        [{ search: '{"$ne":null}' }, 0],
        [{ search: 'STAGE' }, 3],
      ] as [LogFilter, number][]) {
        const selected = { ...wf, ...filter };
        const page = await store.query({ filter: selected, order: 'asc', limit: 10 });
        const follower = await resumed(store, selected, '');
        while (await follower.read());
        const paged = page.logs.map((entry) => entry.log?.message);
        expect([paged.length, page.total], JSON.stringify(filter)).to.deep.equal([expected, expected]);
        expect(follower.messages, JSON.stringify(filter)).to.have.members(paged);
      }
    },
  },
  {
    title:
      'selects by stage, by run and without excluded texts, in pages and in streams, and counts the same logs by level and time',
    run: selections,
  },
  { title: 'loses nothing and repeats nothing on one connection, in random schedules', run: schedules },
];
