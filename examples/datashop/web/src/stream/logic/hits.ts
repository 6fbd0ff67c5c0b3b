import { firstFrom, type Row } from './row.ts';

/** Index of this row among the hits (oldest first), or -1. */
export function hitIndex(hits: readonly Row[], row: Row | null): number {
  if (row === null) return -1;
  const index = firstFrom(hits, row.place);
  return hits[index] === row ? index : -1;
}

/** "3 of 41", counted from the top of the list: from the newest hit, or from the oldest. */
export function hitText(hits: readonly Row[], current: Row | null, isNewestFirst: boolean): string {
  if (hits.length === 0) return 'None found';
  const index = hitIndex(hits, current);
  const all = hits.length.toLocaleString('en');
  const place = isNewestFirst ? hits.length - index : index + 1;
  return index === -1 ? `${all} found` : `${place.toLocaleString('en')} of ${all}`;
}

/**
 * The next hit, wrapping around at the ends.
 * @param from the current hit, or the row at the top of the visible area; null starts at the end of the list
 * @param isOlder true towards older lines
 */
export function nextHit(hits: readonly Row[], from: Row | null, isOlder: boolean): Row | null {
  if (hits.length === 0) return null;
  if (from === null) return (isOlder ? hits.at(-1) : hits[0]) ?? null;
  const at = firstFrom(hits, from.place);
  const isHit = hits[at] === from;
  const next = isOlder ? at - 1 : isHit ? at + 1 : at;
  return hits.at(next % hits.length) ?? null;
}
