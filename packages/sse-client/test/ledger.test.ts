import { expect } from 'chai';
import { createLedger, type Ledger } from '../src/ledger.ts';
import { createSeen, markOf } from '../src/seen.ts';

const at = 5;
const streamed = (id: string, data = id) => ({ id, event: 'message', data, receivedAt: at });
const known = (...ids: string[]) => ids.map((id) => ({ id, data: id }));
const show = (ledger: Ledger) =>
  [...ledger.entries()].map((entry) =>
    entry.kind === 'gap' ? `(${entry.reason})` : (entry.origin === 'original' ? '=' : '') + entry.data,
  );
const gap = { reason: 'gap', from: 1, to: 2, afterId: 'x' };

describe('the ledger', () => {
  const make = (maxEntries = 100) => createLedger(maxEntries, () => 99);
  const gapKey = (ledger: Ledger) => [...ledger.entries()].find(({ kind }) => kind === 'gap')!.key;

  it('takes an event that comes again once, by id and data', () => {
    const ledger = make();
    for (const event of [
      streamed('1', 'a'),
      streamed('1', 'a'),
      streamed('2', 'a'),
      streamed('1', 'b'),
      streamed('1', 'b'),
      streamed('1', 'a'),
    ])
      ledger.receive(event);
    expect(show(ledger)).to.deep.equal(['a', 'a', 'b']);
    expect(ledger.counts()).to.include({ received: 6, duplicates: 3, kept: 3, fresh: 3, total: 3, dropped: 0 });
  });

  it('takes an event without an id however often it comes', () => {
    const ledger = make();
    for (let time = 0; time < 3; time++) ledger.receive(streamed('', 'same'));
    expect(ledger.counts()).to.include({ received: 3, duplicates: 0, kept: 3 });
  });

  it('knows a double of what has long been trimmed', () => {
    const ledger = make(2);
    for (const id of ['1', '2', '3', '4']) ledger.receive(streamed(id));
    ledger.receive(streamed('1'));
    expect(show(ledger)).to.deep.equal(['3', '4']);
    expect(ledger.counts()).to.include({ received: 5, duplicates: 1, dropped: 2, kept: 2, total: 4 });
  });

  it('puts what is known already before all, each id once, as original', () => {
    const ledger = make();
    ledger.receive(streamed('4'));
    ledger.gap(gap);
    ledger.seed([...known('2', '3', '3', '4'), { id: '', data: 'no id' }, { id: '', data: 'no id' }]);
    ledger.seed([{ id: '1', data: '1', event: 'log', receivedAt: 7 }, ...known('2')]);
    expect(show(ledger)).to.deep.equal(['=1', '=2', '=3', '=no id', '=no id', '4', '(gap)']);
    expect(ledger.entries().at(0)).to.include({ event: 'log', receivedAt: 7 });
    expect(ledger.entries().at(1)).to.include({ event: 'message', receivedAt: 99 });
    ledger.receive(streamed('2'));
    expect(ledger.counts()).to.include({
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
    const ledger = make();
    ledger.receive(streamed('1'));
    ledger.gap(gap);
    ledger.receive(streamed('5'));
    const { generation } = ledger.entries();
    const key = gapKey(ledger);
    expect(ledger.fill(key, known('1', '2', '3', '3', '5'))).to.equal(2);
    expect(show(ledger)).to.deep.equal(['1', '2', '3', '5']);
    expect(ledger.entries().generation).to.not.equal(generation);
    expect(ledger.counts()).to.include({ filled: 2, received: 2, fresh: 4, total: 4, kept: 4, gaps: 0 });
    expect(ledger.fill(key, known('9'))).to.equal(undefined);
    ledger.receive(streamed('3'));
    expect(ledger.counts().duplicates).to.equal(1);
  });

  it('goes by id alone for what is known: other data makes it no other event', () => {
    const ledger = make();
    ledger.receive(streamed('2', 'as streamed'));
    ledger.gap(gap);
    ledger.seed([
      { id: '1', data: 'first' },
      { id: '1', data: 'again' },
      { id: '2', data: 'as listed' },
    ]);
    expect(show(ledger)).to.deep.equal(['=first', 'as streamed', '(gap)']);
    expect(ledger.fill(gapKey(ledger), [{ id: '2', data: 'as listed' }])).to.equal(0);
  });

  it('fills no gap with what came and was trimmed', () => {
    const ledger = make(2);
    for (const id of ['1', '2']) ledger.receive(streamed(id));
    ledger.gap(gap);
    expect(show(ledger)).to.deep.equal(['2', '(gap)']);
    expect(ledger.fill(gapKey(ledger), known('1', '3'))).to.equal(1);
    expect(show(ledger)).to.deep.equal(['2', '3']);
  });

  it('fills no gap with an event key, and may fill one with nothing', () => {
    const ledger = make();
    ledger.receive(streamed('1'));
    ledger.gap(gap);
    expect(ledger.fill(ledger.entries().at(0)!.key, known('9'))).to.equal(undefined);
    expect(ledger.fill(gapKey(ledger), [])).to.equal(0);
    expect(show(ledger)).to.deep.equal(['1']);
  });

  it('clears what was streamed, keeps what is original, and does not take the same again from the stream', () => {
    const ledger = make();
    ledger.seed(known('1'));
    ledger.receive(streamed('2'));
    ledger.gap(gap);
    ledger.clear();
    expect(show(ledger)).to.deep.equal(['=1']);
    expect(ledger.counts()).to.include({
      received: 0,
      duplicates: 0,
      filled: 0,
      original: 1,
      total: 1,
      kept: 1,
      gaps: 0,
    });
    for (const id of ['1', '2', '3']) ledger.receive(streamed(id));
    expect(show(ledger)).to.deep.equal(['=1', '3']);
    expect(ledger.counts()).to.include({ received: 3, duplicates: 2, kept: 2 });
  });

  it('knows its originals, however often it was cleared', () => {
    const ledger = make();
    ledger.seed(known('1'));
    ledger.clear();
    ledger.clear();
    ledger.receive(streamed('1'));
    expect(show(ledger)).to.deep.equal(['=1']);
  });

  it('lets seed() bring back what was cleared', () => {
    const ledger = make();
    ledger.receive(streamed('2'));
    ledger.clear();
    ledger.seed(known('1', '2'));
    expect(show(ledger)).to.deep.equal(['=1', '=2']);
  });

  it('knows nothing any more after a reset', () => {
    const ledger = make();
    ledger.seed(known('1'));
    ledger.receive(streamed('2'));
    ledger.clear();
    ledger.receive(streamed('3'));
    ledger.reset();
    expect(show(ledger)).to.deep.equal([]);
    for (const count of Object.values(ledger.counts())) expect(count).to.equal(0);
    for (const id of ['1', '2', '3']) ledger.receive(streamed(id));
    expect(show(ledger)).to.deep.equal(['1', '2', '3']);
  });

  it('drops the oldest first, originals too, and stays honest', () => {
    const ledger = make(3);
    ledger.seed(known('1', '2', '3', '4'));
    expect(show(ledger)).to.deep.equal(['=2', '=3', '=4']);
    ledger.receive(streamed('5'));
    ledger.gap(gap);
    expect(show(ledger)).to.deep.equal(['=4', '5', '(gap)']);
    expect(ledger.counts()).to.include({ original: 4, received: 1, total: 5, kept: 2, dropped: 3, gaps: 1 });
    for (const id of ['6', '7', '8']) ledger.receive(streamed(id));
    expect(ledger.counts()).to.include({ kept: 3, dropped: 5, gaps: 0 });
    ledger.clear();
    expect(ledger.counts()).to.include({ original: 4, total: 4, kept: 0, dropped: 4 });
  });
});

describe('what has been seen', () => {
  const mark = (...event: Parameters<typeof streamed>) => markOf(streamed(...event));

  it('is remembered for at least as many events as it was made for, and for no more than twice as many', () => {
    const seen = createSeen(10);
    for (let id = 0; id < 100; id++) {
      seen.add(mark(`${id}`));
      for (let back = 0; back < Math.min(id + 1, 10); back++) expect(seen.has(mark(`${id - back}`))).to.equal(true);
      expect(seen.has(mark(`${id - 20}`))).to.equal(false);
    }
  });

  it('tells data apart by length and by content', () => {
    const seen = createSeen(10);
    seen.add(mark('1', 'abc'));
    for (const data of ['abd', 'acb', 'ab', 'abcd', '']) expect(seen.has(mark('1', data)), data).to.equal(false);
  });
});
