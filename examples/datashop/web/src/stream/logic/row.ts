import type { Entry, GapEntry } from '@datashop/sse-client';
import type { LevelGroup } from '../../log.ts';
import { type Line, parseLine, searchText } from './line.ts';
import { type Marks, noMarks } from './marks.ts';

/** An entry of the stream's list together with what the viewer derived from it. Created once per entry. */
export class Row {
  /** Copied from the entry, because the list reads it for every row on every update. */
  readonly key: number;
  readonly entry: Entry;
  /** null for a gap. */
  readonly line: Line | null;
  /** `EntryList.offset + index`. Constant until the generation of the list changes. */
  place: number;
  /** The group that the line is counted in. A line without a level inherits the group of the line before it. */
  group: LevelGroup = 'OTHER';
  /** The number of the search that `isHit` and `marks` belong to. */
  searched = 0;
  isHit = false;
  marks: Marks = noMarks;

  constructor(entry: Entry, place: number) {
    this.key = entry.key;
    this.entry = entry;
    this.place = place;
    this.line = entry.kind === 'gap' ? null : parseLine(entry);
  }

  /** Sets {@link group}. `before`: the row before, undefined if there is none or it was trimmed. */
  setGroup(before: Row | undefined): void {
    if (this.line === null) this.group = 'OTHER';
    else if (this.line.group !== null) this.group = this.line.group;
    // The row after a trimmed one keeps what it has inherited from it.
    else if (before !== undefined) this.group = before.group;
  }

  /** NaN for a gap. */
  get time(): number {
    return this.line === null ? Number.NaN : this.line.time;
  }

  get id(): string {
    return this.entry.kind === 'gap' ? '' : this.entry.id;
  }

  /** Identifies the row also after a reload, if its event has an id. */
  get name(): string {
    return this.id || `#${this.key}`;
  }

  get gap(): GapEntry | null {
    return this.entry.kind === 'gap' ? this.entry : null;
  }

  get text(): string {
    return this.line === null ? '' : searchText(this.line);
  }
}

/**
 * Rows, oldest first. An array has these members, too; a view of 100,000 rows is no array, so that it need not be
 * copied.
 */
export interface Rows {
  readonly length: number;
  at(index: number): Row | undefined;
  slice(start?: number, end?: number): Row[];
}

/** Index of the first row at or after this place. */
export function firstFrom(rows: Rows, place: number): number {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (rows.at(middle)!.place < place) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Index of this row, or -1 if it is not among them. */
export function indexOfRow(rows: Rows, row: Row | null): number {
  if (row === null) return -1;
  const index = firstFrom(rows, row.place);
  return rows.at(index) === row ? index : -1;
}
