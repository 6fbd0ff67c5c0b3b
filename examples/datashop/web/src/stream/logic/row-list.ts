import type { Entry, EntryList } from '@datashop/sse-client';
import type { Level } from '../../log.ts';
import { Deque } from './deque.ts';
import { Row } from './row.ts';

export type LevelCounts = Record<Level, number>;

/** Between two looks at the clock. */
export const stride = 128;

/** A row for each entry of the stream's list, made once, with the levels counted as rows come and go. */
export class RowList {
  readonly levels: LevelCounts = { DEBUG: 0, INFO: 0, WARN: 0, ERROR: 0 };
  lines = 0;
  /** All that ever came after the original ones, trimmed or not. */
  readonly arrived = { lines: 0, errors: 0 };
  /** The place of the next entry to take; the rows end before it. */
  next = 0;
  #entries: EntryList | null = null;
  #rows = new Deque<Row>();
  /** Rows of an earlier generation, by key: what was parsed and searched need not be again. */
  #known: Map<number, Row> | null = null;

  /** @returns whether the list changed in its middle, so that places mean something else now */
  setEntries(entries: EntryList): boolean {
    const anew = entries.generation !== this.#entries?.generation;
    this.#entries = entries;
    if (!anew) return false;
    this.#known ??= new Map();
    for (const row of this.#rows.toArray()) this.#known.set(row.key, row);
    while (this.#rows.length > 0) this.#count(this.#rows.shift()!, -1);
    this.#rows = new Deque();
    this.next = entries.offset;
    return true;
  }

  /** The place of the oldest entry. */
  get offset(): number {
    return this.#entries?.offset ?? 0;
  }

  /** The place after the newest entry. */
  get end(): number {
    return this.offset + (this.#entries?.length ?? 0);
  }

  at(place: number): Row | undefined {
    const first = this.next - this.#rows.length;
    return place < first ? undefined : this.#rows.at(place - first);
  }

  trim(): void {
    while (this.#rows.length > 0 && this.next - this.#rows.length < this.offset) this.#count(this.#rows.shift()!, -1);
    this.next = Math.max(this.next, this.offset);
  }

  /** @returns whether all entries have their rows now */
  append(over: () => boolean): boolean {
    for (; this.next < this.end; this.next += 1) {
      if (this.next % stride === 0 && over()) return false;
      const entry = this.#entries!.at(this.next - this.offset)!;
      const row = this.#known?.get(entry.key) ?? this.#make(entry);
      row.place = this.next;
      this.#rows.push(row);
      this.#count(row, 1);
    }
    this.#known = null;
    return true;
  }

  #make(entry: Entry): Row {
    const row = new Row(entry, this.next);
    if (entry.kind === 'event' && entry.origin === 'new') {
      this.arrived.lines += 1;
      if (row.line?.level === 'ERROR') this.arrived.errors += 1;
    }
    return row;
  }

  #count({ line }: Row, by: number): void {
    if (line === null) return;
    this.lines += by;
    if (line.level !== null) this.levels[line.level] += by;
  }
}
