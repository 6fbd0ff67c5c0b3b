import { expect } from 'chai';
import { createEntryStore, type EntryStore } from '../src/entries/entry-store.ts';

const at = 5;
const streamed = (id: string, data = id) => ({ id, event: 'message', data, receivedAt: at });
const known = (...ids: string[]) => ids.map((id) => ({ id, data: id }));
const show = (store: EntryStore) =>
  [...store.entries()].map((entry) =>
    entry.kind === 'gap' ? `(${entry.reason})` : (entry.origin === 'original' ? '=' : '') + entry.data,
  );
const gap = { reason: 'gap', from: 1, to: 2, afterId: 'x' };
const gapKey = (store: EntryStore) => [...store.entries()].find(({ kind }) => kind === 'gap')!.key;

describe('the entry store', () => {
  const make = (maxEntries = 100) =>
    createEntryStore(
      () => maxEntries,
      () => 99,
    );

  it('recognises the repeat of an event that has been trimmed', () => {
    const store = make(2);
    for (const id of ['1', '2', '3', '4']) store.receive(streamed(id));
    store.resume('');
    store.receive(streamed('1'));
    expect(show(store)).to.deep.equal(['3', '4']);
    expect(store.counts()).to.include({ received: 5, duplicates: 1, dropped: 2, kept: 2, total: 4 });
  });

  it('inserts seeded events before all others, each once, as original', () => {
    const store = make();
    store.receive(streamed('4'));
    store.gap(gap);
    store.seed([...known('2', '3', '4'), { id: '', data: 'no id' }, { id: '', data: 'no id' }]);
    store.seed([{ id: '1', data: '1', event: 'log', receivedAt: 7 }, ...known('2')]);
    expect(show(store)).to.deep.equal(['=1', '=2', '=3', '=no id', '=no id', '4', '(gap)']);
    expect(store.entries().at(0)).to.include({ event: 'log', receivedAt: 7 });
    expect(store.entries().at(1)).to.include({ event: 'message', receivedAt: 99 });
    store.resume('');
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

  it('inserts seeded gaps at their places among seeded events, and fills them', () => {
    const store = make();
    const missing = { ...gap, reason: 'event-too-large', id: '3' };
    store.seed([...known('1'), { kind: 'gap', ...gap }, ...known('2'), { kind: 'gap', ...missing }, ...known('4')]);
    expect(show(store)).to.deep.equal(['=1', '(gap)', '=2', '(event-too-large)', '=4']);
    expect(store.counts()).to.include({ original: 3, kept: 3, total: 3, gaps: 2 });
    // The server repeats the event that was too large: its gap is in the list already.
    store.resume('2');
    expect(store.gap(missing)).to.deep.equal([]);
    expect(store.fill(gapKey(store), known('1', '1.5', '2'))).to.equal(1);
    expect(show(store)).to.deep.equal(['=1', '1.5', '=2', '(event-too-large)', '=4']);
  });

  it('replaces a gap by the events that were missing, and counts those that were new', () => {
    const store = make();
    store.receive(streamed('1'));
    store.gap(gap);
    store.receive(streamed('5'));
    const { generation } = store.entries();
    const key = gapKey(store);
    expect(store.fill(key, known('1', '2', '3', '5'))).to.equal(2);
    expect(show(store)).to.deep.equal(['1', '2', '3', '5']);
    expect(store.entries().generation).to.not.equal(generation);
    expect(store.counts()).to.include({ filled: 2, received: 2, fresh: 4, total: 4, kept: 4, gaps: 0 });
    expect(store.fill(key, known('9'))).to.equal(undefined);
  });

  it('keeps distinct events with one id that seed() or fill() adds [R35]', () => {
    const store = make();
    store.receive(streamed('2', 'as streamed'));
    store.gap(gap);
    store.seed([
      { id: '1', data: 'first' },
      { id: '1', data: 'second' },
      { id: '1', data: 'second' },
      { id: '2', data: 'as streamed' },
    ]);
    expect(show(store)).to.deep.equal(['=first', '=second', '=second', 'as streamed', '(gap)']);
    const events = [
      { id: '2', data: 'as streamed' },
      { id: '2', data: 'as streamed' },
      { id: '2', data: 'as streamed', event: 'other' },
    ];
    expect(store.fill(gapKey(store), events)).to.equal(2);
  });

  it('fill() leaves out what was received and trimmed', () => {
    const store = make(2);
    for (const id of ['1', '2']) store.receive(streamed(id));
    store.gap(gap);
    expect(show(store)).to.deep.equal(['2', '(gap)']);
    expect(store.fill(gapKey(store), known('1', '3'))).to.equal(1);
    expect(show(store)).to.deep.equal(['2', '3']);
  });

  it('fill() does not replace an event, and removes a gap for which there are no events', () => {
    const store = make();
    store.receive(streamed('1'));
    store.gap(gap);
    expect(store.fill(store.entries().at(0)!.key, known('9'))).to.equal(undefined);
    expect(store.fill(gapKey(store), [])).to.equal(0);
    expect(show(store)).to.deep.equal(['1']);
  });

  it('clear() drops received events, keeps originals, and still recognises repeats of both', () => {
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
    store.clear();
    store.resume('2');
    for (const id of ['1', '2', '3']) store.receive(streamed(id));
    expect(show(store)).to.deep.equal(['=1', '3']);
    expect(store.counts()).to.include({ received: 3, duplicates: 2, kept: 2 });
  });

  it('seed() brings cleared events back', () => {
    const store = make();
    store.receive(streamed('2'));
    store.clear();
    store.seed(known('1', '2'));
    store.seed(known('1', '2'));
    expect(show(store)).to.deep.equal(['=1', '=2']);
  });

  it('reset() forgets everything', () => {
    const store = make();
    store.seed(known('1'));
    store.receive(streamed('2'));
    store.clear();
    store.receive(streamed('3'));
    store.reset();
    expect(show(store)).to.deep.equal([]);
    for (const count of Object.values(store.counts())) expect(count).to.equal(0);
    store.resume('');
    for (const id of ['1', '2', '3']) store.receive(streamed(id));
    expect(show(store)).to.deep.equal(['1', '2', '3']);
  });

  it('drops the oldest entries first, also originals, and counts them', () => {
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

  it('records the gap of a discarded event once, when the server repeats that event', () => {
    const store = make();
    const tooLarge = { ...gap, reason: 'event-too-large', id: '7' };
    store.gap(tooLarge);
    store.gap({ ...tooLarge, id: '8' });
    store.resume('8');
    expect(store.gap({ ...tooLarge, id: '8' })).to.deep.equal([]);
    expect(store.gap({ ...tooLarge, id: '9' })).to.have.length(1);
    expect(store.counts().gaps).to.equal(3);
  });
});
