import { defaultRangeExtractor, measureElement, type Range, useVirtualizer } from '@tanstack/react-virtual';
import { type RefObject, useCallback, useEffect, useLayoutEffect, useRef } from 'react';
import { firstFrom, type Row } from '../logic/row.ts';
import { useLive, useViewer, useViewState } from '../state/context.tsx';

/** The virtualiser of the rows, newest first: which rows are rendered, and where. */
export function useRows(scroller: RefObject<HTMLElement | null>, rowPx: number, wrap: boolean) {
  const viewer = useViewer();
  const { view, progress } = useLive();
  const { rows } = view;
  const { follow, goal } = useViewState();
  /** The row with the focus. It stays rendered while it is scrolled out of view. */
  const focused = useRef<Row | null>(null);

  const rowAt = useCallback((index: number): Row | undefined => rows[rows.length - 1 - index], [rows]);
  const indexOf = useCallback(
    (row: Row | null): number => {
      if (row === null) return -1;
      const at = firstFrom(rows, row.place);
      return rows[at] === row ? rows.length - 1 - at : -1;
    },
    [rows],
  );
  const rangeExtractor = useCallback(
    (range: Range) => {
      const seen = defaultRangeExtractor(range);
      const index = indexOf(focused.current);
      return index === -1 || seen.includes(index) ? seen : [...seen, index].sort((a, b) => a - b);
    },
    [indexOf],
  );
  const virtualizer = useVirtualizer<HTMLElement, HTMLElement>({
    count: rows.length,
    getScrollElement: () => scroller.current,
    getItemKey: useCallback((index: number) => rowAt(index)!.key, [rowAt]),
    estimateSize: () => rowPx,
    overscan: 8,
    rangeExtractor,
    // A plain row has the height that the style sheet sets: measuring it would force a layout for each new row. The
    // ResizeObserver corrects a row that differs.
    measureElement: (element, entry, instance) =>
      !entry && element.hasAttribute('data-plain') ? rowPx : measureElement(element, entry, instance),
    // New lines are added at the top. A paused list keeps the visible rows in place, a following one stays at the top.
    anchorTo: follow.following ? 'start' : 'end',
  });

  useLayoutEffect(() => {
    if (follow.following) virtualizer.scrollToOffset(0);
  }, [virtualizer, follow]);

  // After remount or a row-height change, cached measurements are invalid: remeasure and scroll back to the row that was
  // on top.
  // biome-ignore lint/correctness/useExhaustiveDependencies: runs only on mount and when the row height changes
  useLayoutEffect(() => {
    const index = follow.following ? -1 : indexOf(viewer.top);
    virtualizer.measure();
    if (index !== -1) virtualizer.scrollToIndex(index, { align: 'start' });
  }, [rowPx, wrap]);

  // The row at the top was filtered out and can't keep its place: the next older visible row takes it.
  useLayoutEffect(() => {
    const { top } = viewer;
    if (follow.following || top === null || indexOf(top) !== -1) return;
    const index = rows.length - firstFrom(rows, top.place);
    if (rows.length > 0) virtualizer.scrollToIndex(Math.min(index, rows.length - 1), { align: 'start' });
  }, [virtualizer, viewer, rows, indexOf, follow]);

  useEffect(() => {
    const index = indexOf(goal?.row ?? null);
    // The rows still belong to the previous filter: wait, or the list would scroll twice.
    if (index === -1 || progress < 1) return;
    virtualizer.scrollToIndex(index, { align: 'center' });
    viewer.viewState.set({ goal: null });
  }, [virtualizer, viewer, indexOf, goal, progress]);

  return { virtualizer, rowAt, focused };
}
