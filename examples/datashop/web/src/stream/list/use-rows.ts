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
  /** Call it when the list was scrolled. `report` gets the row at the upper edge, before rows are rendered. */
  scrolled(scrollPx: number, report: (top: Row | null) => void): void;
  /** Scrolls until the whole row is in view. */
  reveal(index: number): void;
}

/** A list that was neither mounted nor scrolled for so long is at rest, in milliseconds. */
const restMs = 150;

/**
 * Which rows are rendered, and where. Its work does not grow with the number of rows, as that of a general virtualiser
 * does.
 */
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
  /** What stays in place while lines come and go; the place that was left when the list was shown last. */
  const anchor = useRef<Anchor | null>(following || viewer.top === null ? null : { row: viewer.top, px: 0 });
  /** The scroll position as it was read or written last: reading it may cost a layout. */
  const known = useRef(0);
  const last = useRef<ListWindow | null>(null);
  /**
   * At first, and while the list is scrolled beyond the rendered rows: the others are rendered at rest, in a task of
   * their own.
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
      // Otherwise not in the task of this frame. At rest, Tab is to stop at the row that is then the first one in view.
      restIn(coverage === 'scarce' ? 0 : restMs);
    },
    reveal(index) {
      anchor.current = window.revealed(index, known.current) ?? anchor.current;
      flushSync(render);
    },
  };
}
