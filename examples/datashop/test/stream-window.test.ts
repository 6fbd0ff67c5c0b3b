import { expect } from 'chai';
import fc from 'fast-check';
import { ListWindow, type ListWindowOptions } from '../web/src/stream/logic/list-window.ts';
import { Row } from '../web/src/stream/logic/row.ts';
import { RowLayout } from '../web/src/stream/logic/row-layout.ts';
import { ListModel } from './support/entries.ts';

const plainPx = 32;
const model = new ListModel();
const someRows = (count: number) => Array.from({ length: count }, (_, place) => new Row(model.event('x'), place));

describe('the layout of the rows', () => {
  const heights = fc.array(fc.tuple(fc.nat(59), fc.integer({ min: 20, max: 400 })), { maxLength: 40 });

  it('the layout adds up the heights of the rows before each one, and finds the row at each distance', () => {
    fc.assert(
      fc.property(heights, fc.nat(20), fc.nat(20), (measured, trimmed, filtered) => {
        const all = someRows(60);
        const layout = new RowLayout();
        layout.setShape(plainPx, false);
        layout.setRows(all);
        layout.measure(measured.map(([index, px]) => [all[index]!, px]));
        // Then some rows at the beginning are trimmed, and one of 20 is filtered out.
        const rows = all.slice(trimmed).filter(({ place }) => place % 20 !== filtered);
        layout.setRows(rows);
        const known = new Map(measured.map(([index, px]) => [all[index]!, px]));
        let sum = 0;
        rows.forEach((row, index) => {
          expect(layout.before(index)).to.equal(sum);
          const px = known.get(row) ?? plainPx;
          expect([layout.indexAt(sum), layout.indexAt(sum + px - 1)]).to.deep.equal([index, index]);
          sum += px;
        });
        expect(layout.totalPx).to.equal(sum);
        expect([layout.indexAt(-5), layout.indexAt(sum + 5)]).to.deep.equal([0, Math.max(0, rows.length - 1)]);
      }),
    );
  });

  it('the layout forgets the measured heights when lines are wrapped in another way', () => {
    const rows = someRows(3);
    const layout = new RowLayout();
    layout.setShape(plainPx, false);
    layout.setRows(rows);
    expect(layout.measure([[rows[0]!, 100]])).to.equal(true);
    expect(layout.measure([[rows[0]!, 100]])).to.equal(false);
    expect(layout.totalPx).to.equal(164);
    layout.setShape(plainPx, true);
    expect(layout.totalPx).to.equal(96);
  });
});

describe('the rendered part of a list', () => {
  const all = someRows(1_000);
  const window = (change: Partial<ListWindowOptions & { before: ListWindow | null }>) => {
    const layout = new RowLayout();
    layout.setShape(plainPx, false);
    const rows = change.rows ?? all;
    layout.setRows(rows);
    return new ListWindow({
      ...{ rows, layout, viewPx: 320, isNewestFirst: true, following: false, isUrgent: false },
      ...{ anchor: null, scrollPx: 0, focused: null, before: null, ...change },
    });
  };
  const places = ({ items }: ListWindow) => items.map(({ row }) => row.place);

  for (const isNewestFirst of [true, false]) {
    const order = isNewestFirst ? 'newest first' : 'oldest first';

    it(`the window has the rows in view and some more, from top to bottom, ${order}`, () => {
      fc.assert(
        fc.property(fc.integer({ min: 0, max: plainPx * 990 }), (scrollPx) => {
          const shown = window({ isNewestFirst, scrollPx });
          const first = Math.floor(scrollPx / plainPx);
          const last = Math.floor((scrollPx + 320) / plainPx);
          const { items, topPx } = shown;
          expect(items[0]!.index).to.equal(Math.max(0, first - 10));
          expect(items.at(-1)!.index).to.equal(Math.min(999, last + 10));
          expect(items.map(({ index }) => index)).to.deep.equal(items.map((_, at) => items[0]!.index + at));
          expect(topPx).to.equal(items[0]!.index * plainPx);
          for (const { row, index } of items) {
            expect(row.place).to.equal(isNewestFirst ? 999 - index : index);
            expect([shown.rowAt(index), shown.indexOf(row)]).to.deep.equal([row, index]);
          }
          const anchor = shown.anchorAt(scrollPx)!;
          expect(shown.indexOf(anchor.row) * plainPx + anchor.px).to.be.closeTo(scrollPx, 0.1);
        }),
      );
    });

    it(`the window keeps the row of the anchor and all other rows in place while lines come and go, ${order}`, () => {
      const before = window({ isNewestFirst, scrollPx: 6_403, rows: all.slice(0, 900) });
      const anchor = before.anchorAt(6_403)!;
      const after = window({ isNewestFirst, anchor, before, rows: all.slice(100) });
      expect(after.scrollPx - after.indexOf(anchor.row) * plainPx).to.equal(anchor.px);
      expect(places(after)).to.deep.equal(places(before));
      const coverage = [0, 8, 3_000].map((px) => after.coverage(after.scrollPx + px * (px < 100 ? plainPx : 1)));
      expect(coverage).to.deep.equal(['ample', 'scarce', 'none']);
    });

    it(`the window has two rows beyond those in view while a frame waits for them, and more in the next frame, ${order}`, () => {
      const scrollPx = 500 * plainPx;
      const urgent = window({ isNewestFirst, scrollPx, isUrgent: true });
      expect([urgent.items[0]!.index, urgent.items.at(-1)!.index]).to.deep.equal([498, 512]);
      expect([0, plainPx, 3_000].map((px) => urgent.coverage(scrollPx + px))).to.deep.equal([
        'scarce',
        'scarce',
        'none',
      ]);
      const next = window({ isNewestFirst, scrollPx, before: urgent });
      expect([next.items[0]!.index, next.items.at(-1)!.index]).to.deep.equal([490, 520]);
      const later = window({ isNewestFirst, scrollPx, before: next, isUrgent: true });
      expect(places(later)).to.deep.equal(places(next));
    });

    it(`the window puts the next row below into the place of an anchor that is not shown any more, ${order}`, () => {
      const anchor = { row: all[500]!, px: 7 };
      const rows = all.filter(({ place }) => place < 480 || place > 520);
      const shown = window({ isNewestFirst, anchor, rows });
      expect(shown.anchorAt(shown.scrollPx)).to.deep.equal({ row: all[isNewestFirst ? 479 : 521], px: 0 });
      const isGone = window({ isNewestFirst, anchor, rows: all.slice(0, 3) });
      expect(places(isGone)).to.have.length(3);
    });

    it(`the window has the newest row in view while the list follows, ${order}`, () => {
      const shown = window({ isNewestFirst, following: true, anchor: { row: all[3]!, px: 0 }, scrollPx: 50 });
      expect(places(shown)).to.include(999);
      expect(shown.scrollPx).to.equal(isNewestFirst ? 0 : 1_000 * plainPx - 320);
    });
  }

  it('the window has the focused row wherever it is, in the order of the list', () => {
    const shown = window({ scrollPx: 16_000, focused: all[990]! });
    expect(shown.items[0]).to.deep.equal({ row: all[990], index: 9, asidePx: 9 * plainPx - shown.topPx });
    expect(window({ scrollPx: 16_000, focused: all[10]! }).items.at(-1)!.row).to.equal(all[10]);
    const inside = window({ scrollPx: 16_000, focused: all[495]! });
    expect(inside.items.filter(({ asidePx }) => asidePx !== null)).to.deep.equal([]);
  });

  it('the window moves a row into view only as far as it takes', () => {
    const shown = window({ scrollPx: 3_200 });
    expect(shown.revealed(105, 3_200)).to.equal(null);
    expect(shown.revealed(99, 3_200)).to.deep.equal({ row: all[900], px: 0 });
    expect(shown.revealed(110, 3_200)).to.deep.equal({ row: all[889], px: plainPx - 320 });
    expect(shown.centered(500).px).to.equal((plainPx - 320) / 2);
    expect(shown.revealed(1_000, 0)).to.equal(null);
  });
});
