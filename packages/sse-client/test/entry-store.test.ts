import { expect } from 'chai';
import { createEntryStore, type EntryStore } from '../src/entries/entry-store.ts';
import { createSeenIds, fingerprint } from '../src/entries/seen-ids.ts';

const at = 5;
const streamed = (id: string, data = id) => ({ id, event: 'message', data, receivedAt: at });
const known = (...ids: string[]) => ids.map((id) => ({ id, data: id }));
const show = (store: EntryStore) =>
  [...store.entries()].map((entry) =>
    entry.kind === 'gap' ? `(${entry.reason})` : (entry.origin === 'original' ? '=' : '') + entry.data,
  );
const gap = { reason: 'gap', from: 1, to: 2, afterId: 'x' };

describe('the store', () => {
  const make = (maxEntries = 100) => createEntryStore(maxEntries, () => 99);
  const gapKey = (store: EntryStore) => [...store.entries()].find(({ kind }) => kind === 'gap')!.key;

  it('takes an event that comes again once, by id and data', () => {
    const store = make();
    for (const event of [
      streamed('1', 'a'),
      streamed('1', 'a'),
      streamed('2', 'a'),
      streamed('1', 'b'),
      streamed('1', 'b'),
      streamed('1', 'a'),
    ])
      store.receive(event);
    expect(show(store)).to.deep.equal(['a', 'a', 'b']);
    expect(store.counts()).to.include({ received: 6, duplicates: 3, kept: 3, fresh: 3, total: 3, dropped: 0 });
  });

  it('takes an event without an id however often it comes', () => {
    const store = make();
    for (let time = 0; time < 3; time++) store.receive(streamed('', 'same'));
    expect(store.counts()).to.include({ received: 3, duplicates: 0, kept: 3 });
  });

  it('knows a double of what has long been trimmed', () => {
    const store = make(2);
    for (const id of ['1', '2', '3', '4']) store.receive(streamed(id));
    store.receive(streamed('1'));
    expect(show(store)).to.deep.equal(['3', '4']);
    expect(store.counts()).to.include({ received: 5, duplicates: 1, dropped: 2, kept: 2, total: 4 });
  });

  it('puts what is known already before all, each id once, as original', () => {
    const store = make();
    store.receive(streamed('4'));
    store.gap(gap);
    store.seed([...known('2', '3', '3', '4'), { id: '', data: 'no id' }, { id: '', data: 'no id' }]);
    store.seed([{ id: '1', data: '1', event: 'log', receivedAt: 7 }, ...known('2')]);
    expect(show(store)).to.deep.equal(['=1', '=2', '=3', '=no id', '=no id', '4', '(gap)']);
    expect(store.entries().at(0)).to.include({ event: 'log', receivedAt: 7 });
    expect(store.entries().at(1)).to.include({ event: 'message', receivedAt: 99 });
    store.receive(streamed('2'));
    expect(store.counts()).to.include({
      original: 5,
      received: 2,
      duplicates: 1,
      fresh: 1,
      total: 6,
      kept: 6,
      gaps: 1,
    });
  });

  it('puts what was missed in the place of the gap, and counts what was new', () => {
    const store = make();
    store.receive(streamed('1'));
    store.gap(gap);
    store.receive(streamed('5'));
    const { generation } = store.entries();
    const key = gapKey(store);
    expect(store.fill(key, known('1', '2', '3', '3', '5'))).to.equal(2);
    expect(show(store)).to.deep.equal(['1', '2', '3', '5']);
    expect(store.entries().generation).to.not.equal(generation);
    expect(store.counts()).to.include({ filled: 2, received: 2, fresh: 4, total: 4, kept: 4, gaps: 0 });
    expect(store.fill(key, known('9'))).to.equal(undefined);
    store.receive(streamed('3'));
    expect(store.counts().duplicates).to.equal(1);
  });

  it('goes by id alone for what is known: other data makes it no other event', () => {
    const store = make();
    store.receive(streamed('2', 'as streamed'));
    store.gap(gap);
    store.seed([
      { id: '1', data: 'first' },
      { id: '1', data: 'again' },
      { id: '2', data: 'as listed' },
    ]);
    expect(show(store)).to.deep.equal(['=first', 'as streamed', '(gap)']);
    expect(store.fill(gapKey(store), [{ id: '2', data: 'as listed' }])).to.equal(0);
  });

  it('fills no gap with what came and was trimmed', () => {
    const store = make(2);
    for (const id of ['1', '2']) store.receive(streamed(id));
    store.gap(gap);
    expect(show(store)).to.deep.equal(['2', '(gap)']);
    expect(store.fill(gapKey(store), known('1', '3'))).to.equal(1);
    expect(show(store)).to.deep.equal(['2', '3']);
  });

  it('fills no gap with an event key, and may fill one with nothing', () => {
    const store = make();
    store.receive(streamed('1'));
    store.gap(gap);
    expect(store.fill(store.entries().at(0)!.key, known('9'))).to.equal(undefined);
    expect(store.fill(gapKey(store), [])).to.equal(0);
    expect(show(store)).to.deep.equal(['1']);
  });

  it('clears what was streamed, keeps what is original, and does not take the same again from the stream', () => {
    const store = make();
    store.seed(known('1'));
    store.receive(streamed('2'));
    store.gap(gap);
    store.clear();
    expect(show(store)).to.deep.equal(['=1']);
    expect(store.counts()).to.include({
      received: 0,
      duplicates: 0,
      filled: 0,
      original: 1,
      total: 1,
      kept: 1,
      gaps: 0,
    });
    for (const id of ['1', '2', '3']) store.receive(streamed(id));
    expect(show(store)).to.deep.equal(['=1', '3']);
    expect(store.counts()).to.include({ received: 3, duplicates: 2, kept: 2 });
  });

  it('knows its originals, however often it was cleared', () => {
    const store = make();
    store.seed(known('1'));
    store.clear();
    store.clear();
    store.receive(streamed('1'));
    expect(show(store)).to.deep.equal(['=1']);
  });

  it('lets seed() bring back what was cleared', () => {
    const store = make();
    store.receive(streamed('2'));
    store.clear();
    store.seed(known('1', '2'));
    expect(show(store)).to.deep.equal(['=1', '=2']);
  });

  it('knows nothing any more after a reset', () => {
    const store = make();
    store.seed(known('1'));
    store.receive(streamed('2'));
    store.clear();
    store.receive(streamed('3'));
    store.reset();
    expect(show(store)).to.deep.equal([]);
    for (const count of Object.values(store.counts())) expect(count).to.equal(0);
    for (const id of ['1', '2', '3']) store.receive(streamed(id));
    expect(show(store)).to.deep.equal(['1', '2', '3']);
  });

  it('drops the oldest first, originals too, and stays honest', () => {
    const store = make(3);
    store.seed(known('1', '2', '3', '4'));
    expect(show(store)).to.deep.equal(['=2', '=3', '=4']);
    store.receive(streamed('5'));
    store.gap(gap);
    expect(show(store)).to.deep.equal(['=4', '5', '(gap)']);
    expect(store.counts()).to.include({ original: 4, received: 1, total: 5, kept: 2, dropped: 3, gaps: 1 });
    for (const id of ['6', '7', '8']) store.receive(streamed(id));
    expect(store.counts()).to.include({ kept: 3, dropped: 5, gaps: 0 });
    store.clear();
    expect(store.counts()).to.include({ original: 4, total: 4, kept: 0, dropped: 4 });
  });
});

describe('what has been seen', () => {
  const mark = (...event: Parameters<typeof streamed>) => fingerprint(streamed(...event));

  it('is remembered for at least as many events as it was made for, and for no more than twice as many', () => {
    const seen = createSeenIds(10);
    for (let id = 0; id < 100; id++) {
      seen.add(mark(`${id}`));
      for (let back = 0; back < Math.min(id + 1, 10); back++) expect(seen.has(mark(`${id - back}`))).to.equal(true);
      expect(seen.has(mark(`${id - 20}`))).to.equal(false);
    }
  });

  it('tells data apart by length and by content', () => {
    const seen = createSeenIds(10);
    seen.add(mark('1', 'abc'));
    for (const data of ['abd', 'acb', 'ab', 'abcd', '']) expect(seen.has(mark('1', data)), data).to.equal(false);
  });
});
