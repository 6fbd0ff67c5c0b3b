import type { EntryList } from '@datashop/sse-client';
import type { LevelGroup } from '../../log.ts';
import type { Volume } from '../../volume/volume.ts';
import { VolumeCounter } from '../../volume/volume-counter.ts';
import type { Arrived } from './announce.ts';
import { Deque } from './deque.ts';
import type { Line } from './line.ts';
import { noMarks } from './marks.ts';
import { type Matches, marksOf } from './match-texts.ts';
import type { Row, Rows } from './row.ts';
import { type GroupCounts, RowList, stride } from './row-list.ts';

/** Selects the visible lines and the hits. Gaps are always visible. */
export interface Filter {
  readonly levels: ReadonlySet<LevelGroup>;
  /** The other filters; null without one. */
  readonly accepts: ((line: Line) => boolean) | null;
  /** Matched by the caller: see `unmatched` and `setMatches`. */
  readonly pattern: RegExp | null;
  /** With a pattern: lines of this run match, too, as the log service's search finds them; '' for none. */
  readonly run: string;
  /** True: only hits are visible. */
  readonly only: boolean;
}

/** An immutable view of the list. All rows oldest first. */
export interface LogView {
  readonly rows: Rows;
  /** Number of visible lines, and how many of them are errors by their own label. */
  readonly shown: Arrived;
  /** Changes when all rows were filtered again: after another filter, or a change in the middle of the list. */
  readonly pass: number;
  /** Lines that passed the filters in this pass, trimmed ones included. */
  readonly passed: Arrived;
  /** The visible lines that match the search. */
  readonly hits: Rows;
  /** Lines per level, visible or not. */
  readonly counts: Readonly<GroupCounts>;
  /** All lines, visible or not. */
  readonly lines: number;
  /** Entries of the stream that this view includes. */
  readonly entries: number;
  /** All streamed lines, including those that were trimmed. */
  readonly arrived: Arrived;
}

/**
 * Derives the visible rows from the stream's list in slices. It reads only what was appended and trimmed; another
 * filter, or a change in the middle of the list, makes it read everything again. Until that is done, `view` stays as it
 * was.
 */
export class LogIndex {
  view: LogView;
  #filter: Filter;
  /** The number of the current search. */
  #search = 1;
  #entries: EntryList | null = null;
  #rows = new RowList();
  #shown = new Deque<Row>();
  #hits = new Deque<Row>();
  #volume = new VolumeCounter();
  #counts = { lines: 0, errors: 0 };
  #passed = { lines: 0, errors: 0 };
  #pass = 0;
  /** The place of the next row to filter. */
  #filtered = 0;
  /** The new view replaces the old one when the rows before this place are filtered. */
  #completeAt = 0;
  #dirty = false;

  constructor(filter: Filter) {
    this.#filter = filter;
    this.view = this.#snapshot();
  }

  setEntries(entries: EntryList): void {
    const before = this.#entries;
    this.#entries = entries;
    // The client creates a new list at each change of its status, even if the entries are the same.
    const isSame = (['generation', 'offset', 'length'] as const).every((key) => before?.[key] === entries[key]);
    if (before !== null && isSame) return;
    this.#dirty = true;
    if (this.#rows.setEntries(entries)) this.#filterAgain();
  }

  setFilter(filter: Filter): void {
    if (filter.pattern !== this.#filter.pattern) this.#search += 1;
    this.#filter = filter;
    this.#filterAgain();
  }

  /** True if `advance` has work to do; false while it only waits for matches. */
  get behind(): boolean {
    return this.#dirty && !(this.#rows.next === this.#rows.end && this.#isUnmatched(this.#filtered));
  }

  /** Share of the new filter's work that is done, from 0 to 1; `view` belongs to the old filter below 1. */
  get progress(): number {
    const { offset } = this.#rows;
    return this.#filtered >= this.#completeAt ? 1 : (this.#filtered - offset) / (this.#completeAt - offset);
  }

  /** Works until everything is read, or until `isTimeUp` returns true. */
  advance(isTimeUp: () => boolean = () => false): void {
    if (!this.#dirty) return;
    this.#trim();
    if (!this.#rows.append(isTimeUp) || !this.#filterRows(isTimeUp)) return;
    this.#dirty = this.#filtered < this.#rows.next;
    if (this.progress === 1) this.view = this.#snapshot();
  }

  /** The next rows whose texts have to be matched; pass the result to `setMatches`. */
  unmatched(limit: number): { search: number; rows: Row[] } {
    const rows: Row[] = [];
    if (this.#filter.pattern !== null) {
      for (let place = this.#filtered; place < this.#rows.next && rows.length < limit; place += 1) {
        if (this.#isUnmatched(place)) rows.push(this.#rows.at(place)!);
      }
    }
    return { search: this.#search, rows };
  }

  /** Ignores matches of a search that was replaced. */
  setMatches(search: number, rows: readonly Row[], matches: Matches): void {
    if (search !== this.#search) return;
    rows.forEach((row, index) => {
      row.searched = search;
      row.isHit = matches.hits[index] === 1 || this.#isOfRun(row);
      row.marks = matches.hits[index] === 1 ? marksOf(matches, index) : noMarks;
    });
    this.#dirty = true;
  }

  /** True if the row matches the current search; false until it has been matched. */
  isHit(row: Row): boolean {
    return row.searched === this.#search && row.isHit;
  }

  /** True if the row matches the current search by its run. */
  isRunHit(row: Row): boolean {
    return this.isHit(row) && this.#isOfRun(row);
  }

  /** The visible lines by level over time. Those of the view only while `progress` is 1. */
  volume(bounds: Parameters<VolumeCounter['volume']>[0]): Volume {
    return this.#volume.volume(bounds);
  }

  #filterAgain(): void {
    this.#pass += 1;
    this.#shown = new Deque();
    this.#hits = new Deque();
    this.#volume = new VolumeCounter();
    this.#counts = { lines: 0, errors: 0 };
    this.#passed = { lines: 0, errors: 0 };
    this.#filtered = this.#rows.offset;
    this.#completeAt = this.#rows.end;
    this.#dirty = true;
  }

  #trim(): void {
    const { offset } = this.#rows;
    this.#rows.trim();
    while ((this.#shown.at(0)?.place ?? offset) < offset) this.#hide(this.#shown.shift()!);
    while ((this.#hits.at(0)?.place ?? offset) < offset) this.#hits.shift();
    this.#filtered = Math.max(this.#filtered, offset);
  }

  /** @returns false if the time was up */
  #filterRows(isTimeUp: () => boolean): boolean {
    for (; this.#filtered < this.#rows.next; this.#filtered += 1) {
      if (this.#filtered % stride === 0 && isTimeUp()) return false;
      // The rows filtered so far are shown until the matches of the others arrive.
      if (this.#isUnmatched(this.#filtered)) return true;
      const row = this.#rows.at(this.#filtered)!;
      if (row.line === null) this.#shown.push(row);
      else if (this.#isWanted(row.group, row.line)) this.#sort(row);
    }
    return true;
  }

  #isWanted(group: LevelGroup, line: Line): boolean {
    const { levels, accepts } = this.#filter;
    return levels.has(group) && (accepts === null || accepts(line));
  }

  #sort(row: Row): void {
    const { pattern, only } = this.#filter;
    if (pattern !== null && row.isHit) this.#hits.push(row);
    if (pattern !== null && only && !row.isHit) return;
    this.#shown.push(row);
    for (const counts of [this.#counts, this.#passed]) {
      counts.lines += 1;
      if (row.line?.group === 'ERROR') counts.errors += 1;
    }
    this.#volume.add(row);
  }

  #hide(row: Row): void {
    if (row.line === null) return;
    this.#counts.lines -= 1;
    if (row.line.group === 'ERROR') this.#counts.errors -= 1;
    this.#volume.remove(row);
  }

  #isOfRun({ line }: Row): boolean {
    return this.#filter.run !== '' && line?.run === this.#filter.run;
  }

  #isUnmatched(place: number): boolean {
    const row = this.#rows.at(place);
    return this.#filter.pattern !== null && row !== undefined && row.line !== null && row.searched !== this.#search;
  }

  #snapshot(): LogView {
    const { counts, lines, arrived } = this.#rows;
    return {
      rows: this.#shown.window(),
      shown: { ...this.#counts },
      pass: this.#pass,
      passed: { ...this.#passed },
      hits: this.#hits.window(),
      counts: { ...counts },
      lines,
      entries: this.#rows.next - this.#rows.offset,
      arrived: { ...arrived },
    };
  }
}
