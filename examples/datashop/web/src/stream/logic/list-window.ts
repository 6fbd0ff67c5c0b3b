import { firstFrom, indexOfRow, type Row, type Rows } from './row.ts';
import type { RowLayout } from './row-layout.ts';

/** A row that keeps its place, and how far its upper edge is above that of the visible part, in pixels. */
export interface Anchor {
  readonly row: Row;
  readonly px: number;
}

export interface ListWindowOptions {
  readonly rows: Rows;
  readonly layout: RowLayout;
  /** Height of the visible part. */
  readonly viewPx: number;
  readonly isNewestFirst: boolean;
  /** True: the end with the newest row is in view. */
  readonly following: boolean;
  /** True: renders few rows beyond the visible ones, because they delay the next frame. */
  readonly isUrgent: boolean;
  /** What stays in place unless the list follows; null: the scroll position stays. */
  readonly anchor: Anchor | null;
  readonly scrollPx: number;
  /** The row with the focus, which is rendered wherever it is. */
  readonly focused: Row | null;
}

/** A row to render. Its index counts from the top of the list. */
export interface Item {
  readonly row: Row;
  readonly index: number;
  /** For a row outside of the window: its distance from the window's upper edge. Null for rows of the window. */
  readonly asidePx: number | null;
}

/** Rows beyond the visible ones, so that a scrolled list shows lines before the next ones are rendered. */
const overscan = { urgent: 2, following: 3, paused: 10 };
/** A window is kept while at least this many of those rows are left. An urgent window has fewer, so it is replaced. */
const spare = 3;

/**
 * The part of a list that is rendered, and the scroll position. A paused list keeps the previous window while that has
 * the visible rows and some to spare.
 */
export class ListWindow {
  readonly count: number;
  readonly totalPx: number;
  readonly scrollPx: number;
  /** Distance of the window's upper edge from that of the list. */
  readonly topPx: number;
  readonly items: readonly Item[];
  readonly #options: ListWindowOptions;
  /** The oldest and the newest row of the window, and their indices in `rows`. */
  readonly #low: number;
  readonly #high: number;

  constructor({ before, ...options }: ListWindowOptions & { readonly before: ListWindow | null }) {
    this.#options = options;
    const { rows, layout, following, isUrgent } = options;
    this.count = rows.length;
    this.totalPx = layout.totalPx;
    this.scrollPx = this.#position();
    const [low, high] = this.#visible(this.scrollPx);
    const kept = following ? null : (before?.ends(rows) ?? null);
    if (kept !== null && this.#hasRoom(kept, [low, high])) [this.#low, this.#high] = kept;
    else {
      const more = isUrgent ? overscan.urgent : following ? overscan.following : overscan.paused;
      this.#low = Math.max(0, low - more);
      this.#high = Math.min(this.count - 1, high + more);
    }
    this.topPx = this.#startOf(options.isNewestFirst ? this.#high : this.#low);
    this.items = this.#items();
  }

  /** The row at an index from the top of the list. */
  rowAt(index: number): Row | undefined {
    const age = this.#age(index);
    return age < 0 ? undefined : this.#options.rows.at(age);
  }

  /** Index from the top of the list, -1 if the row is not in it. */
  indexOf(row: Row | null): number {
    const age = indexOfRow(this.#options.rows, row);
    return age === -1 ? -1 : this.#age(age);
  }

  /** The row at the upper edge of the visible part. */
  anchorAt(scrollPx: number): Anchor | null {
    if (this.count === 0) return null;
    const age = this.#ageAt(scrollPx);
    return { row: this.#options.rows.at(age)!, px: scrollPx - this.#startOf(age) };
  }

  /** The anchor that puts a row into the middle of the visible part. */
  centered(index: number): Anchor {
    const row = this.rowAt(index)!;
    return { row, px: (this.#options.layout.heightOf(row) - this.#options.viewPx) / 2 };
  }

  /** The anchor that moves a row into view; null if it is in view. */
  revealed(index: number, scrollPx: number): Anchor | null {
    const row = this.rowAt(index);
    if (row === undefined) return null;
    const start = this.#startOf(this.#age(index));
    const restPx = this.#options.viewPx - this.#options.layout.heightOf(row);
    if (start < scrollPx || restPx < 0) return { row, px: 0 };
    return start > scrollPx + restPx ? { row, px: -restPx } : null;
  }

  /** Whether the rows visible at this position are rendered: with rows to spare, without, or not all of them. */
  coverage(scrollPx: number): 'ample' | 'scarce' | 'none' {
    const [low, high] = this.#visible(scrollPx);
    if (low < this.#low || high > this.#high) return 'none';
    return this.#hasRoom([this.#low, this.#high], [low, high]) ? 'ample' : 'scarce';
  }

  /** Indices of this window's first and last row in another list of rows; null if one of them is not in it. */
  ends(rows: Rows): [low: number, high: number] | null {
    const { rows: own } = this.#options;
    const low = indexOfRow(rows, own.at(this.#low) ?? null);
    const high = indexOfRow(rows, own.at(this.#high) ?? null);
    return this.count === 0 || low === -1 || high === -1 ? null : [low, high];
  }

  /** Between the index from the top and that in `rows`, in both directions. */
  #age(index: number): number {
    return this.#options.isNewestFirst ? this.count - 1 - index : index;
  }

  #startOf(age: number): number {
    const { layout, isNewestFirst } = this.#options;
    return isNewestFirst ? this.totalPx - layout.before(age + 1) : layout.before(age);
  }

  #ageAt(px: number): number {
    const { layout, isNewestFirst } = this.#options;
    // The edge between two rows belongs to the lower one.
    return layout.indexAt(isNewestFirst ? this.totalPx - px - 0.01 : px + 0.01);
  }

  #position(): number {
    const { rows, following, isNewestFirst, anchor, viewPx, scrollPx } = this.#options;
    if (following) return isNewestFirst ? 0 : Math.max(0, this.totalPx - viewPx);
    if (anchor === null || this.count === 0) return scrollPx;
    const age = indexOfRow(rows, anchor.row);
    if (age !== -1) return Math.max(0, this.#startOf(age) + anchor.px);
    // The anchor's row is not in the list any more: the next row below takes its place.
    const next = firstFrom(rows, anchor.row.place) - (isNewestFirst ? 1 : 0);
    return this.#startOf(Math.min(Math.max(next, 0), this.count - 1));
  }

  #visible(scrollPx: number): [low: number, high: number] {
    const ages = [this.#ageAt(scrollPx), this.#ageAt(scrollPx + this.#options.viewPx)];
    return [Math.min(...ages), Math.max(...ages)];
  }

  #hasRoom([low, high]: readonly [number, number], [from, to]: readonly [number, number]): boolean {
    const isLowEnough = low <= Math.max(0, from - spare);
    const isHighEnough = high >= Math.min(this.count - 1, to + spare);
    return isLowEnough && isHighEnough && high - low <= to - from + 4 * overscan.paused;
  }

  #items(): Item[] {
    const { rows, focused } = this.#options;
    const items: Item[] = [];
    const add = (age: number, isAside: boolean) => {
      const asidePx = isAside ? this.#startOf(age) - this.topPx : null;
      items.push({ row: rows.at(age)!, index: this.#age(age), asidePx });
    };
    for (let age = this.#low; age <= this.#high; age += 1) add(age, false);
    const apart = indexOfRow(rows, focused);
    if (apart !== -1 && (apart < this.#low || apart > this.#high)) add(apart, true);
    return items.sort((a, b) => a.index - b.index);
  }
}
