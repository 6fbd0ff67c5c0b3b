import { firstFrom, indexOfRow, type Row, type Rows } from './row.ts';

/** "3 of 41", counted from the top of the list: from the newest hit, or from the oldest. */
export function hitText(hits: Rows, current: Row | null, isNewestFirst: boolean): string {
  if (hits.length === 0) return 'None found';
  const index = indexOfRow(hits, current);
  const all = hits.length.toLocaleString('en');
  const place = isNewestFirst ? hits.length - index : index + 1;
  return index === -1 ? `${all} found` : `${place.toLocaleString('en')} of ${all}`;
}

/**
 * The next hit, wrapping around at the ends.
 * @param from the current hit, or the row at the top of the visible area; null starts at the end of the list
 * @param isOlder true towards older lines
 */
export function nextHit(hits: Rows, from: Row | null, isOlder: boolean): Row | null {
  if (hits.length === 0) return null;
  if (from === null) return (isOlder ? hits.at(-1) : hits.at(0)) ?? null;
  const at = firstFrom(hits, from.place);
  const isHit = hits.at(at) === from;
  const next = isOlder ? at - 1 : isHit ? at + 1 : at;
  return hits.at(next % hits.length) ?? null;
}

/**
 * The next row that fulfils a condition, wrapping around at the ends. Looks only at the rows on the way to it.
 * @param from as for {@link nextHit}
 */
export function nextRow(rows: Rows, is: (row: Row) => boolean, from: Row | null, isOlder: boolean): Row | null {
  const { length } = rows;
  if (length === 0) return null;
  const step = isOlder ? -1 : 1;
  const at = from === null ? (isOlder ? length : -1) : firstFrom(rows, from.place);
  // If `from` itself is not among the rows, the first newer row has its index.
  const first = from !== null && !isOlder && rows.at(at) !== from ? at : at + step;
  for (let count = 0; count < length; count += 1) {
    const row = rows.at((((first + step * count) % length) + length) % length)!;
    if (is(row)) return row;
  }
  return null;
}
