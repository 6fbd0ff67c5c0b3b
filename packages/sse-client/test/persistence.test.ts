import { expect } from 'chai';
import { createEntryStore } from '../src/entries/entry-store.ts';
import { decode, encode } from '../src/persist/encoding.ts';
import { localPersistence, wipePersisted } from '../src/persist.ts';
import type { EventStreamOptions, PersistOptions } from '../src/types.ts';
import { Clock } from './support/clock.ts';
import { type Scene, stage } from './support/scene.ts';
import { MemoryStorage, sharedStorage, type TabStorage } from './support/storage.ts';
import { until } from './support/until.ts';

describe('persistence', () => {
  const scene = stage();
  let storage: MemoryStorage;
  let options: EventStreamOptions;
  let persisted: PersistOptions;
  beforeEach(() => {
    storage = new MemoryStorage();
    persisted = { scope: 'user-1', storage };
    options = { persist: localPersistence(persisted), maxEntries: 1_000 };
  });

  /** A page with a stream that has received `text`. */
  async function visited(text: string, more: EventStreamOptions = {}): Promise<Scene> {
    const at = await scene({ ...options, ...more });
    at.stream.connect();
    (await at.server.next()).open(text);
    await at.received(text.replace(/^event: sse-proxy.*\ndata/gm, '').match(/^data/gm)!.length);
    return at;
  }

  const value = () => storage.getItem(storage.key(0)!)!;
  const three =
    'id: 1\ndata: a\n\nid: 2\nevent: log\ndata: b\n\nevent: sse-proxy:gap\ndata: {"reason":"trimmed"}\n\nid: 3\ndata: c\n\n';

  it('persists nothing by default', async () => {
    const at = await scene();
    expect(at.now.persistence).to.equal('off');
  });

  it('restores events, gaps and cursor after a reload, and drops what the server repeats', async () => {
    const at = await visited(three);
    at.stream.seed([{ id: '0', data: 'seeded' }]);
    const before = at.now;
    expect(before.persistence).to.equal('on');
    at.stream.close();
    at.make(options);
    const visit = await at.server.next();
    expect(visit.lastEventId).to.equal('3');
    const unkeyed = (entries: Iterable<object>) => [...entries].map((entry) => ({ ...entry, key: 0 }));
    expect(unkeyed(at.now.entries)).to.deep.equal(unkeyed(before.entries));
    expect(at.now).to.include({ lastEventId: '3', lastEventAt: before.lastEventAt });
    expect(at.now.counts).to.deep.equal({ ...before.counts });
    visit.open('id: 2\nevent: log\ndata: b\n\nid: 3\ndata: c\n\nid: 4\ndata: d\n\n');
    await at.received(6);
    expect(at.data).to.deep.equal(['seeded', 'a', 'b', 'gap:trimmed', 'c', 'd']);
    expect(at.now.counts).to.include({ duplicates: 2, gaps: 1 });
  });

  it('adds a gap after a reload without an id to resume from [R32]', async () => {
    const at = await visited('data: a\n\n');
    const from = at.now.lastEventAt;
    at.stream.close();
    at.clock.advance(60_000);
    at.make(options);
    (await at.server.next()).open('data: b\n\n');
    await at.received(2);
    expect(at.data).to.deep.equal(['a', 'gap:no-ids', 'b']);
    expect([...at.now.entries][1]).to.include({ from, to: at.now.connectedAt });
  });

  it('collects changes to persist for debounceMs, also while more arrive', async () => {
    const at = await scene({ persist: localPersistence({ scope: 'a', storage, debounceMs: 500 }) });
    at.stream.seed([{ id: '1', data: 'x' }]);
    at.clock.advance(300);
    at.stream.seed([{ id: '0', data: 'y' }]);
    expect(storage.writes).to.equal(0);
    const { now } = at;
    at.clock.advance(200);
    expect(at.now, 'a save changes nothing').to.equal(now);
    expect(storage.writes).to.equal(1);
    expect(value()).to.include('"y"');
    at.clock.advance(5_000);
    expect(storage.writes).to.equal(1);
  });

  for (const [name, leave] of [
    ['hidden', (at: Scene) => at.page.turn('hidden')],
    ['left', (at: Scene) => at.page.hide()],
    ['closed', (at: Scene) => at.stream.close()],
  ] as const) {
    it(`persists at once when the page is ${name}, if anything changed`, async () => {
      const at = await scene(options);
      leave(at);
      expect(storage.writes).to.equal(0);
      at.make(options);
      at.stream.seed([{ id: '1', data: 'x' }]);
      at.page.turn('visible');
      expect(storage.writes).to.equal(0);
      leave(at);
      leave(at);
      expect(storage.writes).to.equal(1);
    });
  }

  it('persists the newest entries within maxBytes, counting two bytes a character and the key', async () => {
    const text = Array.from({ length: 100 }, (_, id) => `id: ${id}\ndata: ${'x'.repeat(50)}${id}\n\n`).join('');
    const persist = localPersistence({ ...persisted, maxBytes: 5_000 });
    const at = await visited(text, { persist });
    at.stream.close();
    const used = 2 * (storage.key(0)!.length + value().length);
    expect(used).to.be.within(4_700, 5_000);
    at.make({ persist });
    const ids = at.events.map(({ id }) => Number(id));
    expect(ids.at(-1)).to.equal(99);
    expect(ids).to.deep.equal(ids.map((_, index) => 100 - ids.length + index));
    expect(at.now.persistence).to.equal('on');
  });

  it('persists an entry if it fits, to the character', () => {
    const store = createEntryStore(
      () => 10,
      () => 0,
    );
    for (const id of ['1', '2', '3']) store.receive({ id, event: 'message', data: 'x', receivedAt: 0 });
    const state = { on: true, lastEventId: '3', lastEventAt: 0, entries: store.entries() };
    const count = (text: string) => [...decode(text)!.entries].length;
    const whole = encode(state, 1_000);
    expect(count(whole)).to.equal(3);
    expect(encode(state, whole.length)).to.equal(whole);
    expect(count(encode(state, whole.length - 1))).to.equal(2);
    expect(count(encode(state, 0))).to.equal(0);
  });

  it('rejects a stored state with an entry of another shape', () => {
    const event = { kind: 'event', id: '1', event: 'message', data: 'x', receivedAt: 0, origin: 'new' };
    const gap = { kind: 'gap', reason: 'no-ids', from: 0, to: 0, afterId: '' };
    const stored = (entries: unknown, lastEventAt: unknown = 0) =>
      `[1,true,"1",${lastEventAt},${JSON.stringify(entries)}]`;
    expect([...decode(stored([event, gap]))!.entries]).to.deep.equal([event, gap]);
    const kinds = ['constructor', '__proto__', 'toString', 'hasOwnProperty', '', 7, null, undefined];
    const bad = [
      ...kinds.map((kind) => ({ kind })),
      ...kinds.map((kind) => ({ ...event, kind })),
      ...Object.keys(event).flatMap((name) => [[7], {}, null].map((value) => ({ ...event, [name]: value }))),
      { ...event, receivedAt: 1e300 },
      { ...event, origin: 'constructor' },
      { ...gap, from: 1e300 },
      { ...gap, to: '0' },
      null,
      7,
      'event',
      [],
    ];
    for (const entry of bad) expect(decode(stored([event, entry])), JSON.stringify(entry)).to.equal(undefined);
    for (const entries of ['event', { 0: event, length: 1 }, null, 7])
      expect(decode(stored(entries))).to.equal(undefined);
    expect(decode(stored([event], '1e300'))).to.equal(undefined);
  });

  it('does not read what another scope or URL has persisted', async () => {
    const at = await visited(three);
    at.stream.close();
    at.make({ persist: localPersistence({ ...persisted, scope: 'user-10' }) });
    expect(at.now.entries).to.have.length(0);
    at.make(options, `${at.server.url}?other`);
    expect(at.now.entries).to.have.length(0);
    at.make(options);
    expect(at.now.entries).to.have.length(4);
  });

  describe('the persisted choice of the user', () => {
    it("restores the user's choice of on or off, whatever autoConnect is", async () => {
      const at = await scene(options);
      at.stream.connect();
      at.stream.close();
      at.make({ ...options, autoConnect: false });
      expect(at.now.status).to.equal('connecting');
      at.stream.disconnect();
      at.stream.close();
      at.make({ ...options, autoConnect: true });
      expect(at.now.status).to.equal('idle');
    });

    it("writes the user's choice at once, for a tab that opens next", async () => {
      const at = await scene(options);
      const { stream } = at;
      expect(stream.getSnapshot().enabledByUser).to.equal(null);
      stream.connect();
      expect(at.make(options).getSnapshot()).to.include({ status: 'connecting', enabledByUser: true });
      stream.disconnect();
      expect(at.make({ ...options, autoConnect: true }).getSnapshot()).to.include({
        status: 'idle',
        enabledByUser: false,
      });
      stream.connect();
      expect(at.make(options).getSnapshot().status).to.equal('connecting');
      expect(at.clock.time, 'no time has passed').to.equal(new Clock().time);
    });

    it('follows autoConnect without a choice of the user', async () => {
      const at = await scene({ ...options, autoConnect: true });
      at.stream.seed([{ id: '1', data: 'x' }]);
      at.stream.close();
      at.make(options);
      expect(at.now.status).to.equal('idle');
      expect(at.now.entries).to.have.length(1);
    });

    it('resumes at the persisted cursor, not at the lastEventId of the options or of seed()', async () => {
      const at = await visited(three);
      at.stream.close();
      at.make({ ...options, lastEventId: 'old' });
      at.stream.seed([], { lastEventId: 'older' });
      expect(at.now.lastEventId).to.equal('3');
    });
  });

  it('restores a cursor without an event, which seed() does not move', async () => {
    const at = await scene(options);
    at.stream.connect();
    (await at.server.next()).open('id: 5\n\n');
    await until(() => {
      at.clock.advance(16);
      return at.now.lastEventId === '5';
    });
    at.stream.close();
    at.make({ ...options, lastEventId: 'old' });
    at.stream.seed([], { lastEventId: 'older' });
    expect(at.now.lastEventId).to.equal('5');
  });

  for (const act of ['clear', 'reset'] as const) {
    it(`does not restore what ${act}() dropped`, async () => {
      const at = await visited('id: 1\ndata: a\n\n');
      at.stream.disconnect();
      at.clock.advance(500);
      at.stream[act]();
      at.stream.close();
      at.make(options);
      expect(at.now.entries).to.have.length(0);
      expect(at.now.lastEventId).to.equal(act === 'clear' ? '1' : '');
    });
  }

  describe('corrupt persisted data', () => {
    const good = [1, true, '7', 5, [{ kind: 'event', id: '7', event: 'm', data: 'd', receivedAt: 1, origin: 'new' }]];
    const withEntry = (entry: unknown) => JSON.stringify([1, true, '7', 5, [entry]]);
    const event = good[4] as object[];
    const bad: Record<string, string> = {
      'not JSON': '{',
      'something else': '"x"',
      null: 'null',
      'another version': JSON.stringify([2, ...good.slice(1)]),
      'a wrong flag': JSON.stringify([1, 'on', '7', 5, []]),
      'a wrong cursor': JSON.stringify([1, true, 7, 5, []]),
      'a wrong time': JSON.stringify([1, true, '7', '5', []]),
      'no entries': JSON.stringify([1, true, '7', 5]),
      'an entry that is none': withEntry(null),
      'an entry of another kind': withEntry({ kind: 'x' }),
      ...Object.fromEntries(
        ['id', 'event', 'data', 'receivedAt', 'origin'].map((name) => [
          `an event without ${name}`,
          withEntry({ ...event[0], [name]: undefined }),
        ]),
      ),
      ...Object.fromEntries(
        ['reason', 'from', 'to', 'afterId'].map((name) => [
          `a gap without ${name}`,
          withEntry({ kind: 'gap', reason: 'r', from: 1, to: 2, afterId: '', [name]: undefined }),
        ]),
      ),
    };

    async function loaded(text: string): Promise<Scene> {
      const at = await scene(options);
      at.stream.connect();
      at.stream.close();
      storage.setItem(storage.key(0)!, text);
      at.make(options);
      return at;
    }

    it('accepts the value that the corrupt ones below are made of', async () => {
      const at = await loaded(JSON.stringify(good));
      expect(at.now).to.include({ lastEventId: '7', status: 'connecting' });
      expect(at.data).to.deep.equal(['d']);
    });

    for (const [name, text] of Object.entries(bad)) {
      it(`ignores and removes corrupt persisted data: ${name}`, async () => {
        const at = await loaded(text);
        expect(at.now).to.include({ lastEventId: '', status: 'idle' });
        expect(at.now.entries).to.have.length(0);
        expect(storage.length).to.equal(0);
      });
    }
  });

  describe('when the storage is full', () => {
    const seeds = Array.from({ length: 100 }, (_, id) => ({ id: `${id}`, data: 'x'.repeat(50) }));

    it("persists fewer entries while the quota is exhausted, and reports 'full'", async () => {
      const at = await scene(options);
      storage.quota = 5_000;
      at.stream.seed(seeds);
      at.clock.advance(500);
      expect(at.now.persistence).to.equal('full');
      expect(value().length).to.be.within(2_000, 5_000);
      expect(value()).to.include('"99"').and.not.include('"id":"0"');
      storage.quota = Number.POSITIVE_INFINITY;
      at.stream.seed([{ id: 'a', data: '' }]);
      at.clock.advance(500);
      expect(at.now.persistence).to.equal('on');
      expect(value()).to.include('"id":"0"');
    });

    it('persists the cursor alone if nothing else fits', async () => {
      const at = await scene({ ...options, lastEventId: 'c' });
      storage.quota = 120;
      at.stream.seed(seeds);
      at.clock.advance(500);
      expect(JSON.parse(value())).to.deep.equal([1, null, 'c', null, []]);
      expect(at.now.persistence).to.equal('full');
    });

    it('works without persistence if not even the cursor fits into the storage', async () => {
      const at = await scene(options);
      storage.quota = 0;
      at.stream.seed(seeds);
      at.clock.advance(500);
      expect(storage.length).to.equal(0);
      expect(at.now).to.include({ persistence: 'full' });
      expect(at.now.entries).to.have.length(100);
    });
  });

  it('persists nothing where the browser denies access to the storage', async () => {
    const at = await scene({ persist: localPersistence({ scope: 'a' }) });
    expect(at.now.persistence).to.equal('off');
    at.stream.wipe();
    at.stream.connect();
    (await at.server.next()).open('data: 1\n\n');
    await at.received(1);
    wipePersisted();
  });
});

describe('wiping', () => {
  const scene = stage();
  const event = [{ id: '1', data: 'secret' }];

  it('wipe() removes what was persisted and stops writing', async () => {
    const storage = new MemoryStorage();
    const at = await scene({ persist: localPersistence({ scope: 'a', storage }) });
    at.stream.seed(event);
    at.clock.advance(500);
    expect(storage.length).to.equal(1);
    at.stream.seed([{ id: '2', data: 'more' }]);
    at.stream.wipe();
    expect(at.clock.pending + at.page.listeners).to.equal(0);
    expect(at.now.persistence).to.equal('off');
    expect(at.now.entries).to.have.length(2);
    at.stream.seed([{ id: '3', data: 'more' }]);
    at.clock.advance(10_000);
    at.page.hide();
    at.page.turn('hidden');
    at.stream.close();
    expect(storage.length).to.equal(0);
  });

  it('wipePersisted() removes one scope or all, and no other key', async () => {
    const storage = new MemoryStorage();
    const at = await scene();
    storage.setItem('theirs', 'x');
    for (const scope of ['a', 'a:b', 'b']) {
      for (const path of ['/1', '/2']) {
        at.make({ persist: localPersistence({ scope, storage }) }, path).seed(event);
        at.stream.close();
      }
    }
    expect(storage.length).to.equal(7);
    const { now } = at;
    wipePersisted('a', storage);
    expect(storage.length).to.equal(5);
    wipePersisted(undefined, storage);
    expect([storage.length, storage.key(0)]).to.deep.equal([1, 'theirs']);
    expect(at.now, 'a closed stream is left alone').to.equal(now);
    const alone = new MemoryStorage();
    at.make({ persist: localPersistence({ scope: 'a', storage: alone }) }).seed(event);
    at.stream.close();
    expect(alone.length).to.equal(1);
    wipePersisted('a', alone);
    expect(alone.length).to.equal(0);
  });

  it('wipePersisted() stops the streams of its scope on this page, and no other', async () => {
    const storage = new MemoryStorage();
    const at = await scene();
    const [one, other] = ['a', 'b'].map((scope) => at.make({ persist: localPersistence({ scope, storage }) })) as [
      never,
      never,
    ] as [typeof at.stream, typeof at.stream];
    wipePersisted('a', storage);
    expect(one.getSnapshot().persistence).to.equal('off');
    for (const stream of [one, other]) stream.seed(event);
    at.clock.advance(500);
    expect(storage.length).to.equal(1);
    expect(storage.key(0)).to.include(':b:');
  });

  it('a wipe in one tab stops the stream of another tab from persisting', async () => {
    const storage = new MemoryStorage();
    const at = await scene();
    for (const gone of ['its key', null]) {
      const stream = at.make({ persist: localPersistence({ scope: 'a', storage }) });
      stream.seed(event);
      at.clock.advance(500);
      const key = storage.key(0)!;
      at.page.stored(storage, key, 'changed');
      at.page.stored(storage, 'theirs', null);
      at.page.stored(new MemoryStorage(), key, null);
      expect(at.now.persistence).to.equal('on');
      storage.removeItem(key);
      at.page.stored(storage, gone && key, null);
      expect(at.now.persistence).to.equal('off');
      stream.seed([{ id: '2', data: 'more' }]);
      stream.close();
      expect(storage.length).to.equal(0);
    }
  });

  for (const [name, act] of [
    [
      'wipe()',
      (storage: TabStorage, at: Scene) => at.make({ persist: localPersistence({ scope: 'a', storage }) }).wipe(),
    ],
    ['wipePersisted() of its scope', (storage: TabStorage) => wipePersisted('a', storage)],
    ['wipePersisted() of all', (storage: TabStorage) => wipePersisted(undefined, storage)],
  ] as const) {
    it(`${name} stops another tab that has not written yet`, async () => {
      const [here, there, elsewhere] = [await scene(), await scene(), await scene()];
      const storages = sharedStorage([here.page, there.page, elsewhere.page]) as [TabStorage, TabStorage, TabStorage];
      const url = here.server.url;
      there.make({ persist: localPersistence({ scope: 'a', storage: storages[1] }) }, url).seed(event);
      elsewhere.make({ persist: localPersistence({ scope: 'a:', storage: storages[2] }) }, url).seed(event);
      expect(storages[0].length).to.equal(0);
      act(storages[0], here);
      expect(there.now.persistence).to.equal('off');
      there.stream.seed([{ id: '2', data: 'more' }]);
      there.stream.connect();
      there.clock.advance(10_000);
      there.page.hide();
      there.stream.close();
      expect(storages[0].length).to.equal(0);
      const isForAll = name.endsWith('all');
      expect(elsewhere.now.persistence, 'of another scope').to.equal(isForAll ? 'off' : 'on');
      elsewhere.stream.close();
      expect(storages[0].length).to.equal(isForAll ? 0 : 1);
    });
  }
});
