import { type RefObject, useLayoutEffect } from 'react';

/** What the design system's table is made of, and what it would be if it said so. */
const tableRoles = [
  ['.Grid', 'table'],
  ['.Grid-head, .Grid-body', 'rowgroup'],
  ['.Grid-rowWrapper, .Grid-cellGroup', 'presentation'],
  ['.Grid-row', 'row'],
  ['.Grid-cell--head', 'columnheader'],
  ['.Grid-cell--body', 'cell'],
] as const;

/**
 * Its table is made of plain `div`s, a heap of text to a screen reader. This says what each of them is, also of rows
 * that it makes later.
 */
export function useTableRoles(ref: RefObject<HTMLElement | null>, label: string): void {
  useLayoutEffect(() => {
    const root = ref.current;
    if (!root) return;
    const name = () => {
      for (const [selector, role] of tableRoles) {
        for (const element of root.querySelectorAll(selector)) element.setAttribute('role', role);
      }
      root.querySelector('.Grid')?.setAttribute('aria-label', label);
      // Reachable, so that the keyboard can scroll it.
      root.querySelector('.Grid-body')?.setAttribute('tabindex', '0');
    };
    name();
    const observer = new MutationObserver(name);
    observer.observe(root, { childList: true, subtree: true });
    return () => observer.disconnect();
  }, [ref, label]);
}
