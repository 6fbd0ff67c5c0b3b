import { type RefObject, useLayoutEffect } from 'react';

/** Selectors of the design system's table, and the ARIA role that each element should have. */
const tableRoles = [
  ['.Grid', 'table'],
  ['.Grid-head, .Grid-body', 'rowgroup'],
  ['.Grid-rowWrapper, .Grid-cellGroup', 'presentation'],
  ['.Grid-row', 'row'],
  ['.Grid-cell--head', 'columnheader'],
  ['.Grid-cell--body', 'cell'],
] as const;

/**
 * Adds ARIA roles to the design system's table, which is made of plain `div`s, and keeps them up to date as it adds
 * rows.
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
      // Focusable, so that the keyboard can scroll it.
      root.querySelector('.Grid-body')?.setAttribute('tabindex', '0');
    };
    name();
    const observer = new MutationObserver(name);
    observer.observe(root, { childList: true, subtree: true });
    return () => observer.disconnect();
  }, [ref, label]);
}
