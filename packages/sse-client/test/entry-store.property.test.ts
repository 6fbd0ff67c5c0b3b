import { expect } from 'chai';
import fc from 'fast-check';
import { createEntryStore, type EntryStore } from '../src/entries/entry-store.ts';
import type { Entry } from '../src/types.ts';

const id = fc.constantFrom('', '1', '2', '3', '4', '5', '6');
const data = fc.constantFrom('a', 'b');
const events = fc.array(fc.record({ id, data }), { maxLength: 6 });

type Step =
  | { do: 'receive'; id: string; data: string }
  | { do: 'gap' | 'clear' | 'reset' | 'resume' }
  | { do: 'seed' | 'fill'; events: { id: string; data: string }[] };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('receive' as const), id, data }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('gap' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('clear' as const, 'reset' as const, 'resume' as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('seed' as const, 'fill' as const), events }) },
);

function run(store: EntryStore, step: Step): void {
  if (step.do === 'receive') store.receive({ id: step.id, data: step.data, event: 'message', receivedAt: 0 });
  else if (step.do === 'resume') store.resume('3');
  else if (step.do === 'gap') store.gap({ reason: 'x', from: 0, to: 0, afterId: '' });
  else if (step.do === 'seed') store.seed(step.events);
  else if (step.do === 'fill') {
    const gap = [...store.entries()].find(({ kind }) => kind === 'gap');
    const added = store.fill(gap?.key ?? -1, step.events);
    expect(added === undefined).to.equal(gap === undefined);
  } else store[step.do]();
}

describe('the counters, after whatever happened', () => {
  it('the counters add up, and agree with the list; views that were taken stay as they were', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 8 }), fc.array(step, { maxLength: 40 }), (maxEntries, steps) => {
        const store = createEntryStore(
          () => maxEntries,
          () => 0,
        );
        const taken: { view: Iterable<Entry>; expected: Entry[] }[] = [];
        for (const one of steps) {
          const before = store.entries();
          run(store, one);
          const view = store.entries();
          const list = [...view];
          const { received, kept, dropped, duplicates, filled, original, fresh, total, gaps } = store.counts();
          expect(total).to.equal(original + fresh);
          expect(kept).to.equal(total - dropped);
          expect(fresh).to.equal(received - duplicates + filled);
          for (const count of Object.values(store.counts())) expect(count).to.be.at.least(0);
          expect(kept).to.equal(list.filter(({ kind }) => kind === 'event').length);
          expect(gaps).to.equal(list.length - kept);
          expect(view.length).to.equal(list.length).and.to.be.at.most(maxEntries);
          expect(new Set(list.map(({ key }) => key)).size).to.equal(list.length);
          // `offset + index` names a place for good while the generation stays.
          if (view.generation === before.generation)
            for (let place = view.offset; place < before.offset + before.length; place++)
              expect(view.at(place - view.offset)).to.equal(before.at(place - before.offset));
          taken.push({ view, expected: list });
        }
        for (const { view, expected } of taken) expect([...view]).to.deep.equal(expected);
      }),
      { numRuns: 500 },
    );
  });
});
