import { useEffect, useState } from 'react';
import { flushSync } from 'react-dom';
import type { Row } from '../logic/row.ts';
import type { RowLayout } from '../logic/row-layout.ts';
import type { Viewer } from '../state/viewer.ts';

/** Measures rows that may be higher than a plain one, when they are rendered and whenever their size changes. */
export class RowSizes {
  readonly #layout: RowLayout;
  readonly #onChange: () => void;
  readonly #rows = new Map<Element, Row>();
  readonly #observer: ResizeObserver;
  #isDelivering = false;
  /** Rows that were rendered and have not been measured yet. */
  #fresh: Element[] = [];

  constructor(layout: RowLayout, onChange: () => void) {
    this.#layout = layout;
    this.#onChange = onChange;
    this.#observer = new ResizeObserver((entries) => {
      const heights = entries.flatMap(({ target, borderBoxSize }) => {
        const row = this.#rows.get(target);
        return row === undefined ? [] : [[row, borderBoxSize[0]!.blockSize] as const];
      });
      if (!layout.measure(heights)) return;
      // Renders synchronously, so that new positions and new sizes are painted together.
      this.#isDelivering = true;
      flushSync(onChange);
      this.#isDelivering = false;
    });
  }

  /** @returns the function that ends it */
  observe(element: Element, row: Row): () => void {
    this.#rows.set(element, row);
    this.#fresh.push(element);
    // Observing a row during the observer's callback would raise a "ResizeObserver loop" error event.
    if (this.#isDelivering) requestAnimationFrame(() => this.#rows.has(element) && this.#observer.observe(element));
    else this.#observer.observe(element);
    return () => {
      this.#rows.delete(element);
      this.#observer.unobserve(element);
    };
  }

  /** Measures new rows. Call it in a layout effect, so that their positions are right before they are painted. */
  measureFresh(): void {
    if (this.#fresh.length === 0) return;
    const heights = this.#fresh.flatMap((element) => {
      const row = this.#rows.get(element);
      return row === undefined ? [] : [[row, element.getBoundingClientRect().height] as const];
    });
    this.#fresh = [];
    if (this.#layout.measure(heights)) this.#onChange();
  }

  /** Call it when the heights of all rows may have changed. */
  forget(): void {
    this.#fresh = [...this.#rows.keys()];
  }

  close(): void {
    this.#observer.disconnect();
  }
}

export function useRowSizes(layout: RowLayout, onChange: () => void): RowSizes {
  const [sizes] = useState(() => new RowSizes(layout, onChange));
  useEffect(() => () => sizes.close(), [sizes]);
  return sizes;
}

/** Height of the scrollable area's visible part; until it is measured, the height when the list was last shown. */
export function useHeight(scroller: { readonly current: HTMLElement | null }, viewer: Viewer): number {
  const [px, setPx] = useState(viewer.listPx);
  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => {
      viewer.listPx = entry!.contentRect.height;
      flushSync(() => setPx(viewer.listPx));
    });
    observer.observe(scroller.current!);
    return () => observer.disconnect();
  }, [scroller, viewer]);
  return px;
}
