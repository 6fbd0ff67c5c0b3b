import { type RefObject, useEffect, useLayoutEffect, useReducer, useRef, useState } from 'react';
import { flushSync } from 'react-dom';
import { type Anchor, ListWindow } from '../logic/list-window.ts';
import type { Row } from '../logic/row.ts';
import { RowLayout } from '../logic/row-layout.ts';
import { useLive, useViewer, useViewState } from '../state/context.tsx';
import { type RowSizes, useHeight, useRowSizes } from './use-row-sizes.ts';

export interface RowsView {
  readonly window: ListWindow;
  readonly sizes: RowSizes;
  /** The row with the focus. It stays rendered while it is scrolled out of view. */
  readonly focused: { current: Row | null };
  /** Call it when the list was scrolled. Passes the row at the upper edge to `report` before it renders rows. */
  scrolled(scrollPx: number, report: (top: Row | null) => void): void;
  /** Scrolls until the whole row is in view. */
  reveal(index: number): void;
}

/** A list is at rest when it was neither mounted nor scrolled for this long, in milliseconds. */
const restMs = 150;

/** Which rows are rendered, and where. Unlike a general virtualiser, its work does not grow with the number of rows. */
export function useRows(scroller: RefObject<HTMLElement | null>, rowPx: number): RowsView {
  const viewer = useViewer();
  const rows = useLive(({ view }) => view.rows);
  const isComplete = useLive(({ progress }) => progress === 1);
  const { follow, goal, order, wrap } = useViewState();
  const { following } = follow;
  const [, render] = useReducer((count: number) => count + 1, 0);
  const [layout] = useState(() => new RowLayout());
  const sizes = useRowSizes(layout, render);
  const viewPx = useHeight(scroller, viewer);
  const focused = useRef<Row | null>(null);
  /** The row that stays in place while lines come and go. At first, the one at the top when the list was last shown. */
  const anchor = useRef<Anchor | null>(following || viewer.top === null ? null : { row: viewer.top, px: 0 });
  /** The scroll position as it was last read or written: reading it again may force a layout. */
  const known = useRef(0);
  const last = useRef<ListWindow | null>(null);
  /**
   * True at mount and while scrolled past the rendered rows: only visible rows are rendered now, the rest when
   * scrolling stops.
   */
  const isUrgent = useRef(true);
  const restTimer = useRef<ReturnType<typeof setTimeout>>();
  const restIn = (delayMs: number) => {
    clearTimeout(restTimer.current);
    restTimer.current = setTimeout(() => {
      isUrgent.current = false;
      render();
    }, delayMs);
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: once
  useEffect(() => {
    restIn(restMs);
    return () => clearTimeout(restTimer.current);
  }, []);

  layout.setShape(rowPx, wrap);
  layout.setRows(rows);
  const window = new ListWindow({
    ...{ rows, layout, viewPx, following, isNewestFirst: order === 'newest-first' },
    ...{ anchor: anchor.current, scrollPx: known.current, focused: focused.current, before: last.current },
    isUrgent: isUrgent.current,
  });

  // biome-ignore lint/correctness/useExhaustiveDependencies: runs when the layout has forgotten what was measured
  useLayoutEffect(() => sizes.forget(), [sizes, rowPx, wrap]);

  useLayoutEffect(() => {
    last.current = window;
    const element = scroller.current!;
    if (Math.abs(window.scrollPx - known.current) > 0.01) {
      element.scrollTop = window.scrollPx;
      known.current = element.scrollTop;
    }
    // The browser does not scroll beyond the ends.
    const isElsewhere = Math.abs(window.scrollPx - known.current) > 1;
    if (following || isElsewhere || anchor.current === null) anchor.current = window.anchorAt(known.current);
    sizes.measureFresh();
  });

  useEffect(() => {
    const index = window.indexOf(goal?.row ?? null);
    // The rows still belong to the previous filter: wait, or the list would scroll twice.
    if (index === -1 || !isComplete) return;
    anchor.current = window.centered(index);
    viewer.viewState.set({ goal: null });
  }, [viewer, window, goal, isComplete]);

  return {
    window,
    sizes,
    focused,
    scrolled(scrollPx, report) {
      known.current = scrollPx;
      const shown = last.current ?? window;
      anchor.current = shown.anchorAt(scrollPx);
      report(anchor.current?.row ?? null);
      const coverage = shown.coverage(scrollPx);
      if (coverage === 'none') {
        isUrgent.current = true;
        flushSync(render);
      }
      // Other rows are rendered in a later task than this frame's. Rendering at rest also moves the stop of Tab to the
      // first row in view.
      restIn(coverage === 'scarce' ? 0 : restMs);
    },
    reveal(index) {
      anchor.current = window.revealed(index, known.current) ?? anchor.current;
      flushSync(render);
    },
  };
}
