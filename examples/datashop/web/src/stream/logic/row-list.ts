import type { Entry, EntryList } from '@datashop/sse-client';
import type { LevelGroup } from '../../log.ts';
import { Deque } from './deque.ts';
import { Row } from './row.ts';

export type GroupCounts = Record<LevelGroup, number>;

/** Rows between two checks of the clock. */
export const stride = 128;

/** Keeps one row per entry of the stream's list, and counts the lines by level as rows are added and removed. */
export class RowList {
  readonly counts: GroupCounts = { DEBUG: 0, INFO: 0, WARN: 0, ERROR: 0, OTHER: 0 };
  lines = 0;
  /** Totals of all streamed lines, including those that were trimmed. */
  readonly arrived = { lines: 0, errors: 0 };
  /** The place of the next entry to read; all rows are before it. */
  next = 0;
  #entries: EntryList | null = null;
  #rows = new Deque<Row>();
  /** Rows of the previous generation by key, so that no entry is parsed or searched twice. */
  #known: Map<number, Row> | null = null;

  /** @returns true if the list changed anywhere but at its ends, so that places have another meaning */
  setEntries(entries: EntryList): boolean {
    const isNewGeneration = entries.generation !== this.#entries?.generation;
    this.#entries = entries;
    if (!isNewGeneration) return false;
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

  /** @returns true if every entry has its row */
  append(isTimeUp: () => boolean): boolean {
    for (; this.next < this.end; this.next += 1) {
      if (this.next % stride === 0 && isTimeUp()) return false;
      const entry = this.#entries!.at(this.next - this.offset)!;
      const row = this.#known?.get(entry.key) ?? this.#make(entry);
      row.setGroup(this.#rows.at(this.#rows.length - 1));
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
      if (row.line?.group === 'ERROR') this.arrived.errors += 1;
    }
    return row;
  }

  #count({ line, group }: Row, by: number): void {
    if (line === null) return;
    this.lines += by;
    this.counts[group] += by;
  }
}
