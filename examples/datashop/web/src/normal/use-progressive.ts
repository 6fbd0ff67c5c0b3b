import { useEffect, useReducer, useRef } from 'react';

/** Rows that are rendered in one task: those of the first view, and those that are added then. */
const firstRows = 25;
const rowsPerTask = 25;

/** The rows that are rendered by now. All of them are, after some tasks; rows that are rendered already stay. */
export function useProgressive<T extends { readonly id: string }>(rows: readonly T[]): readonly T[] {
  const rendered = useRef<ReadonlySet<string>>(new Set());
  const [, renderMore] = useReducer((count: number) => count + 1, 0);
  let left = rows.some(({ id }) => rendered.current.has(id)) ? rowsPerTask : firstRows;
  const shown = rows.filter(({ id }) => rendered.current.has(id) || left-- > 0);
  useEffect(() => {
    rendered.current = new Set(shown.map(({ id }) => id));
    if (shown.length === rows.length) return;
    const timer = setTimeout(renderMore);
    return () => clearTimeout(timer);
  });
  return shown;
}
