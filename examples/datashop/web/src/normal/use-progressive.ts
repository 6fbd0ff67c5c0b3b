import { useEffect, useReducer, useRef } from 'react';

/** Rows that are rendered in the first task, and in each further one. */
const firstRows = 25;
const rowsPerTask = 25;

/** The rows to render now: all of them after some tasks. Rows that are rendered already stay. */
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
