import { defaultRangeExtractor, measureElement, type Range, useVirtualizer } from '@tanstack/react-virtual';
import { type RefObject, useCallback, useEffect, useLayoutEffect, useRef } from 'react';
import { firstFrom, type Row } from '../logic/row.ts';
import { useLive, useViewer, useViewState } from '../state/context.tsx';

/** The virtualised rows, newest first: which are in the page, and where. */
export function useRows(scroller: RefObject<HTMLElement | null>, rowPx: number, wrap: boolean) {
  const viewer = useViewer();
  const { view, progress } = useLive();
  const { rows } = view;
  const { follow, goal } = useViewState();
  /** The row that has the focus, which must not leave the page while it has. */
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
    // A row that has just come is as high as its style says: to ask the browser would cost a layout for each. Should it
    // be otherwise, the ResizeObserver tells.
    measureElement: (element, entry, instance) =>
      !entry && element.hasAttribute('data-plain') ? rowPx : measureElement(element, entry, instance),
    // Lines come on top: whoever reads keeps the row at the top of what is seen, whoever follows keeps the top.
    anchorTo: follow.following ? 'start' : 'end',
  });

  useLayoutEffect(() => {
    if (follow.following) virtualizer.scrollToOffset(0);
  }, [virtualizer, follow]);

  // The list is shown again, or its rows are of another height, so that what was measured holds no longer: on with the
  // row that was at the top.
  // biome-ignore lint/correctness/useExhaustiveDependencies: only then
  useLayoutEffect(() => {
    const index = follow.following ? -1 : indexOf(viewer.top);
    virtualizer.measure();
    if (index !== -1) virtualizer.scrollToIndex(index, { align: 'start' });
  }, [rowPx, wrap]);

  // What stood at the top is filtered out, so that it can't keep its place: the next older row that is shown takes it.
  useLayoutEffect(() => {
    const { top } = viewer;
    if (follow.following || top === null || indexOf(top) !== -1) return;
    const index = rows.length - firstFrom(rows, top.place);
    if (rows.length > 0) virtualizer.scrollToIndex(Math.min(index, rows.length - 1), { align: 'start' });
  }, [virtualizer, viewer, rows, indexOf, follow]);

  useEffect(() => {
    const index = indexOf(goal?.row ?? null);
    // Lines of the filter before: it would only have to move again.
    if (index === -1 || progress < 1) return;
    virtualizer.scrollToIndex(index, { align: 'center' });
    viewer.viewState.set({ goal: null });
  }, [virtualizer, viewer, indexOf, goal, progress]);

  return { virtualizer, rowAt, focused };
}
