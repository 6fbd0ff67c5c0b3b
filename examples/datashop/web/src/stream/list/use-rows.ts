import { defaultRangeExtractor, measureElement, type Range, useVirtualizer } from '@tanstack/react-virtual';
import { type RefObject, useCallback, useEffect, useLayoutEffect, useRef } from 'react';
import { firstFrom, type Row } from '../logic/row.ts';
import { useLive, useViewer, useViewState } from '../state/context.tsx';

/** The virtualiser of the rows, in the chosen order: which rows are rendered, and where. */
export function useRows(scroller: RefObject<HTMLElement | null>, rowPx: number) {
  const viewer = useViewer();
  const { view, progress } = useLive();
  const { rows } = view;
  const { follow, goal, order, wrap } = useViewState();
  const isNewestFirst = order === 'newest-first';
  /** The row with the focus. It stays rendered while it is scrolled out of view. */
  const focused = useRef<Row | null>(null);

  const rowAt = useCallback(
    (index: number): Row | undefined => rows[isNewestFirst ? rows.length - 1 - index : index],
    [rows, isNewestFirst],
  );
  const indexOf = useCallback(
    (row: Row | null): number => {
      if (row === null) return -1;
      const at = firstFrom(rows, row.place);
      if (rows[at] !== row) return -1;
      return isNewestFirst ? rows.length - 1 - at : at;
    },
    [rows, isNewestFirst],
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
    // A paused list keeps the visible rows in place, whether lines are added or trimmed above them.
    anchorTo: follow.following ? 'start' : 'end',
  });

  const scrollToNewest = useCallback(() => {
    if (isNewestFirst) virtualizer.scrollToOffset(0);
    else if (scroller.current) scroller.current.scrollTop = scroller.current.scrollHeight;
  }, [virtualizer, scroller, isNewestFirst]);

  useLayoutEffect(() => {
    if (follow.following) scrollToNewest();
  }, [scrollToNewest, follow]);

  const totalPx = virtualizer.getTotalSize();
  // biome-ignore lint/correctness/useExhaustiveDependencies: runs when lines are added at the end, and when they are measured
  useLayoutEffect(() => {
    if (follow.following && !isNewestFirst) scrollToNewest();
  }, [rows, totalPx]);

  // After remount or a row-height change, cached measurements are invalid: remeasure and scroll back to the row that was
  // on top.
  // biome-ignore lint/correctness/useExhaustiveDependencies: runs only on mount and when the row height changes
  useLayoutEffect(() => {
    const index = follow.following ? -1 : indexOf(viewer.top);
    virtualizer.measure();
    if (index !== -1) virtualizer.scrollToIndex(index, { align: 'start' });
  }, [rowPx, wrap, order]);

  // The row at the top was filtered out and can't keep its place: the next visible row below takes it.
  useLayoutEffect(() => {
    const { top } = viewer;
    if (follow.following || top === null || indexOf(top) !== -1 || rows.length === 0) return;
    const at = firstFrom(rows, top.place);
    virtualizer.scrollToIndex(Math.min(isNewestFirst ? rows.length - at : at, rows.length - 1), { align: 'start' });
  }, [virtualizer, viewer, rows, indexOf, follow, isNewestFirst]);

  useEffect(() => {
    const index = indexOf(goal?.row ?? null);
    // The rows still belong to the previous filter: wait, or the list would scroll twice.
    if (index === -1 || progress < 1) return;
    virtualizer.scrollToIndex(index, { align: 'center' });
    viewer.viewState.set({ goal: null });
  }, [virtualizer, viewer, indexOf, goal, progress]);

  return { virtualizer, rowAt, indexOf, focused };
}
