import { type FocusEvent, type KeyboardEvent, type RefObject, useLayoutEffect, useRef, useState } from 'react';
import { select, selectNothing } from '../state/commands.ts';
import { useViewer } from '../state/context.tsx';
import type { RowsView } from './use-rows.ts';

const steps: Record<string, number> = { ArrowDown: 1, ArrowUp: -1 };

/** Keyboard handling of the rows: Tab stops at one row only, the arrow keys move from there and with Shift select. */
export function useRowKeys(scroller: RefObject<HTMLElement | null>, { window, focused, reveal }: RowsView) {
  const viewer = useViewer();
  const rowAt = (index: number) => window.rowAt(index);
  const [active, setActive] = useState<number | null>(null);
  /** Key of the row to focus as soon as it is rendered. */
  const awaited = useRef<number | null>(null);

  useLayoutEffect(() => {
    if (awaited.current === null) return;
    const toggle = scroller.current?.querySelector<HTMLElement>(`[data-key="${awaited.current}"] button`);
    if (!toggle) return;
    awaited.current = null;
    toggle.focus({ preventScroll: true });
  });

  const onFocus = ({ target }: FocusEvent) => {
    const row = rowAt(indexOf(target));
    focused.current = row ?? null;
    if (!row) return;
    setActive(row.key);
    viewer.pause();
  };

  const onBlur = () => {
    focused.current = null;
  };

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Escape' && viewer.viewState.get().selection !== null) {
      selectNothing(viewer);
      return;
    }
    const step = steps[event.key];
    const target = event.target as HTMLElement;
    if (step === undefined || !target.matches('[data-index] button')) return;
    const index = indexOf(target);
    const row = rowAt(index + step);
    if (!row) return;
    // Prevent the native scrolling of the list.
    event.preventDefault();
    awaited.current = row.key;
    setActive(row.key);
    if (event.shiftKey) select(viewer, row, rowAt(index));
    reveal(index + step);
  };

  return { active, onFocus, onBlur, onKeyDown };
}

function indexOf(target: Element): number {
  return Number(target.closest<HTMLElement>('[data-index]')?.dataset.index ?? -1);
}
