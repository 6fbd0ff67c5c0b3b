import type { Entry, GapEntry } from '@datashop/sse-client';
import { type Line, parseLine, searchText } from './line.ts';
import { missVerdict } from './match-texts.ts';

/** An entry of the stream's list, and what the viewer has found out about it. Made once for each entry. */
export class Row {
  /** A field, not a getter: of 100,000 rows it is read ten times a second. */
  readonly key: number;
  readonly entry: Entry;
  /** null: a gap. */
  readonly line: Line | null;
  /** Where it is in the list, for good: `EntryList.offset + index`. Changes only with the list's generation. */
  place: number;
  /** The number of the search that `verdict` is of. */
  searched = 0;
  verdict: number = missVerdict;

  constructor(entry: Entry, place: number) {
    this.key = entry.key;
    this.entry = entry;
    this.place = place;
    this.line = entry.kind === 'gap' ? null : parseLine(entry);
  }

  get id(): string {
    return this.entry.kind === 'gap' ? '' : this.entry.id;
  }

  get gap(): GapEntry | null {
    return this.entry.kind === 'gap' ? this.entry : null;
  }

  get text(): string {
    return this.line === null ? '' : searchText(this.line);
  }
}

/** Index of the first row at or after this place. `rows` are oldest first. */
export function firstFrom(rows: readonly Row[], place: number): number {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (rows[middle]!.place < place) low = middle + 1;
    else high = middle;
  }
  return low;
}
