import { expect } from 'chai';
import fc from 'fast-check';
import { createEntryLog } from '../src/entries/entry-list.ts';
import type { Entry } from '../src/types.ts';

const entry = (key: number) => ({ kind: 'event', key }) as Entry;
const keys = (entries: Iterable<Entry>) => [...entries].map(({ key }) => key);

describe('the list of entries', () => {
  it('a view of the entries behaves like an array (property)', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 20 }),
        fc.nat(60),
        fc.option(fc.double({ min: -30, max: 30 })),
        fc.option(fc.double({ min: -30, max: 30 })),
        (max, pushed, start, end) => {
          const log = createEntryLog(() => max);
          const all = Array.from({ length: pushed }, (_, key) => entry(key));
          for (const one of all) log.push(one);
          const kept = all.slice(Math.max(pushed - max, 0));
          const view = log.view();
          expect([...view]).to.deep.equal(kept);
          expect(view.length).to.equal(kept.length);
          expect(view.slice()).to.deep.equal(kept);
          expect(view.slice(start ?? undefined, end ?? undefined)).to.deep.equal(
            kept.slice(start ?? undefined, end ?? undefined),
          );
          for (const index of [-1, 0, 1, max - 1, max, 0.5, Number.NaN])
            expect(view.at(index)).to.equal(Number.isInteger(index) ? kept[index] : undefined);
          expect(view.offset).to.equal(pushed - kept.length);
          expect(keys(view.slice(0, 1))).to.deep.equal(kept.length ? [view.offset] : []);
        },
      ),
    );
  });

  it('a view of the entries never changes', () => {
    const log = createEntryLog(() => 3);
    const views = Array.from({ length: 12 }, (_, key) => {
      log.push(entry(key));
      return { view: log.view(), expected: keys(log.view()) };
    });
    log.replace([entry(100)]);
    log.push(entry(101));
    for (const { view, expected } of views) {
      expect(keys(view)).to.deep.equal(expected);
      expect(view.at(view.length)).to.equal(undefined);
    }
    expect(keys(log.view())).to.deep.equal([100, 101]);
  });

  it('counts the gaps among the entries that are kept', () => {
    const log = createEntryLog(() => 3);
    const gap = { kind: 'gap', key: 0 } as Entry;
    for (const one of [gap, entry(1), gap, entry(2)]) log.push(one);
    expect(log.gaps()).to.equal(1);
    log.replace([gap, gap, entry(3), gap]);
    expect(log.gaps()).to.equal(2);
  });

  it('a replaced list of entries has a new generation and a new offset', () => {
    const log = createEntryLog(() => 2);
    for (const key of [1, 2, 3]) log.push(entry(key));
    const { generation, offset } = log.view();
    expect(offset).to.equal(1);
    log.push(entry(4));
    expect(log.view()).to.include({ generation, offset: 2 });
    log.replace([entry(5), entry(6), entry(7)]);
    expect(log.view().generation).to.not.equal(generation);
    expect(log.view().offset).to.equal(1);
    expect(keys(log.view())).to.deep.equal([6, 7]);
  });

  it('releases the memory of trimmed entries', async () => {
    const log = createEntryLog(() => 10);
    const first = new WeakRef(entry(0));
    log.push(first.deref()!);
    for (let key = 1; key < 30; key++) log.push(entry(key));
    await new Promise((resolve) => setImmediate(resolve));
    const { setFlagsFromString } = await import('node:v8');
    const { runInNewContext } = await import('node:vm');
    setFlagsFromString('--expose-gc');
    runInNewContext('gc')();
    expect(first.deref()).to.equal(undefined);
    expect(log.view().length).to.equal(10);
  });
});
