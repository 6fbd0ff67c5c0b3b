import { indexOfRow, type Row, type Rows } from './row.ts';

/** Most rows whose height is kept. The height that was measured first is dropped first. */
const maxMeasured = 5_000;

/**
 * Where the rows of a list are, in pixels from the oldest one on. Every row has the plain height, except for those that
 * were measured to have another. The cost of a change depends on how many were measured, not on how many rows there
 * are.
 */
export class RowLayout {
  #plainPx = 0;
  #isWrapped = false;
  #rows: Rows = [];
  /** Heights other than the plain one, in the order in which they were measured. */
  readonly #measured = new Map<Row, number>();
  /** Indices of the measured rows of the list, ascending, and the sums of their differences up to each of them. */
  #indices: number[] = [];
  #sums: number[] = [];

  /** Another plain height, or another way to wrap lines, makes the measured heights invalid. */
  setShape(plainPx: number, isWrapped: boolean): void {
    if (plainPx === this.#plainPx && isWrapped === this.#isWrapped) return;
    this.#plainPx = plainPx;
    this.#isWrapped = isWrapped;
    this.#measured.clear();
    this.#add();
  }

  setRows(rows: Rows): void {
    if (rows === this.#rows) return;
    this.#rows = rows;
    this.#add();
  }

  /** @returns true if something has moved */
  measure(heights: Iterable<readonly [Row, number]>): boolean {
    let isChanged = false;
    for (const [row, px] of heights) {
      if (this.heightOf(row) === px) continue;
      isChanged = true;
      this.#measured.delete(row);
      if (px !== this.#plainPx) this.#measured.set(row, px);
      if (this.#measured.size > maxMeasured) this.#measured.delete(this.#measured.keys().next().value!);
    }
    if (isChanged) this.#add();
    return isChanged;
  }

  heightOf(row: Row): number {
    return this.#measured.get(row) ?? this.#plainPx;
  }

  /** Height of all rows. */
  get totalPx(): number {
    return this.before(this.#rows.length);
  }

  /** Height of the rows before an index. */
  before(index: number): number {
    const count = countBelow(this.#indices, index);
    return index * this.#plainPx + (count === 0 ? 0 : this.#sums[count - 1]!);
  }

  /** Index of the row at a distance from the beginning; beyond the rows, that of the first or the last one. */
  indexAt(px: number): number {
    let low = 0;
    let high = this.#rows.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (this.before(middle) <= px) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  #add(): void {
    const found: (readonly [index: number, difference: number])[] = [];
    for (const [row, px] of this.#measured) {
      const index = indexOfRow(this.#rows, row);
      if (index !== -1) found.push([index, px - this.#plainPx]);
    }
    found.sort(([a], [b]) => a - b);
    let sum = 0;
    this.#indices = found.map(([index]) => index);
    this.#sums = found.map(([, difference]) => (sum += difference));
  }
}

/** How many of the ascending numbers are below a limit. */
function countBelow(numbers: readonly number[], limit: number): number {
  let low = 0;
  let high = numbers.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (numbers[middle]! < limit) low = middle + 1;
    else high = middle;
  }
  return low;
}
