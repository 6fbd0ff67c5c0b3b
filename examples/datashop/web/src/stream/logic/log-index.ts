import type { EntryList } from '@datashop/sse-client';
import { type Level, logLevels } from '../../log.ts';
import type { Arrived } from './announce.ts';
import { Deque } from './deque.ts';
import { hitVerdict, missVerdict } from './match-texts.ts';
import type { Row } from './row.ts';
import { type LevelCounts, RowList, stride } from './row-list.ts';
import { matches } from './search.ts';

/** Which lines are shown, and which are found. Gaps are always shown: they say what is not there. */
export interface Filter {
  readonly levels: ReadonlySet<Level>;
  readonly pattern: RegExp | null;
  /** Whether `pattern` may never come to an end, so that a worker judges the lines: see `unmatched`. */
  readonly elsewhere: boolean;
  /** Whether only found lines are shown. */
  readonly only: boolean;
}

/** What there is to show at one moment; it never changes. All rows oldest first. */
export interface LogView {
  readonly rows: readonly Row[];
  /** Of these, the lines that were found. */
  readonly hits: readonly Row[];
  /** Of all lines in the list, whatever the filter. */
  readonly levels: Readonly<LevelCounts>;
  /** Lines in the list, whatever the filter. */
  readonly lines: number;
  /** All that ever came after the original ones, trimmed or not, whatever the filter. */
  readonly arrived: Arrived;
}

/**
 * Derives what is shown from the stream's list, a piece at a time: what was appended and what was trimmed is looked at,
 * the rest is not. Only another filter, and a change in the list's middle, make it look at everything again; while it
 * does, `view` stays what it was.
 */
export class LogIndex {
  view: LogView;
  #filter: Filter;
  /** Which search the rows' verdicts are of. */
  #search = 1;
  #entries: EntryList | null = null;
  #rows = new RowList();
  #shown = new Deque<Row>();
  #hits = new Deque<Row>();
  /** The place of the next row to judge. */
  #matched = 0;
  /** Until the rows before this place are judged, the new view is not whole. */
  #wholeAt = 0;
  #dirty = false;

  constructor(filter: Filter) {
    this.#filter = filter;
    this.view = this.#look();
  }

  setEntries(entries: EntryList): void {
    if (entries === this.#entries) return;
    this.#entries = entries;
    this.#dirty = true;
    if (this.#rows.setEntries(entries)) this.#matchAgain();
  }

  setFilter(filter: Filter): void {
    if (filter.pattern !== this.#filter.pattern) this.#search += 1;
    this.#filter = filter;
    this.#matchAgain();
  }

  /** Whether `advance` has something to do now: not while all there is to do is up to the worker. */
  get behind(): boolean {
    return this.#dirty && !(this.#rows.next === this.#rows.end && this.#isUnmatched(this.#matched));
  }

  /** Whether `view` is still that of the filter before, and how much of the new one is done, from 0 to 1. */
  get progress(): number {
    const { offset } = this.#rows;
    return this.#matched >= this.#wholeAt ? 1 : (this.#matched - offset) / (this.#wholeAt - offset);
  }

  /** Works until everything is looked at or `over` says that it is time to let the page breathe. */
  advance(over: () => boolean = () => false): void {
    if (!this.#dirty) return;
    this.#trim();
    if (!this.#rows.append(over) || !this.#match(over)) return;
    this.#dirty = this.#matched < this.#rows.next;
    if (this.progress === 1) this.view = this.#look();
  }

  /** The next rows for the worker; their verdicts go to `setVerdicts`. */
  unmatched(limit: number): { search: number; rows: Row[] } {
    const rows: Row[] = [];
    if (this.#filter.elsewhere) {
      for (let place = this.#matched; place < this.#rows.next && rows.length < limit; place += 1) {
        if (this.#isUnmatched(place)) rows.push(this.#rows.at(place)!);
      }
    }
    return { search: this.#search, rows };
  }

  /** Verdicts that come late, for a search that was given up, change nothing. */
  setVerdicts(search: number, rows: readonly Row[], verdicts: Uint8Array): void {
    if (search !== this.#search) return;
    rows.forEach((row, index) => {
      row.searched = search;
      row.verdict = verdicts[index] ?? missVerdict;
    });
    this.#dirty = true;
  }

  /** What the present search made of a row; a miss as long as it has not got there. */
  verdict(row: Row): number {
    return row.searched === this.#search ? row.verdict : missVerdict;
  }

  #matchAgain(): void {
    this.#shown = new Deque();
    this.#hits = new Deque();
    this.#matched = this.#rows.offset;
    this.#wholeAt = this.#rows.end;
    this.#dirty = true;
  }

  #trim(): void {
    const { offset } = this.#rows;
    this.#rows.trim();
    for (const rows of [this.#shown, this.#hits]) while ((rows.at(0)?.place ?? offset) < offset) rows.shift();
    this.#matched = Math.max(this.#matched, offset);
  }

  /** @returns whether everything is judged that can be judged here */
  #match(over: () => boolean): boolean {
    for (; this.#matched < this.#rows.next; this.#matched += 1) {
      if (this.#matched % stride === 0 && over()) return false;
      // What was judged before is shown in the meantime.
      if (this.#isUnmatched(this.#matched)) return true;
      const row = this.#rows.at(this.#matched)!;
      if (row.line === null) this.#shown.push(row);
      else if (this.#showsLevel(row.line.level)) this.#sort(row);
    }
    return true;
  }

  #sort(row: Row): void {
    const { pattern, only } = this.#filter;
    if (pattern === null) return this.#shown.push(row);
    if (row.searched !== this.#search) {
      row.searched = this.#search;
      row.verdict = matches(pattern, row.text) ? hitVerdict : missVerdict;
    }
    const hit = row.verdict !== missVerdict;
    if (hit) this.#hits.push(row);
    if (hit || !only) this.#shown.push(row);
  }

  #isUnmatched(place: number): boolean {
    const row = this.#rows.at(place);
    return this.#filter.elsewhere && row !== undefined && row.line !== null && row.searched !== this.#search;
  }

  /** A line without a level is shown as long as no level is filtered out. */
  #showsLevel(level: Level | null): boolean {
    const { levels } = this.#filter;
    return level === null ? levels.size === logLevels.length : levels.has(level);
  }

  #look(): LogView {
    const { levels, lines, arrived } = this.#rows;
    return {
      rows: this.#shown.toArray(),
      hits: this.#hits.toArray(),
      levels: { ...levels },
      lines,
      arrived: { ...arrived },
    };
  }
}
