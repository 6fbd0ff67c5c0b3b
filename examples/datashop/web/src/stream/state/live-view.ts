import type { EventStream } from '@datashop/sse-client';
import { type LogFilter, noFilter } from '../../filters/log-filter.ts';
import type { Volume } from '../../volume/volume.ts';
import { lineFilter } from '../logic/line-filter.ts';
import { LogIndex, type LogView } from '../logic/log-index.ts';
import type { Row } from '../logic/row.ts';
import { compile, patternProblem } from '../logic/search.ts';
import { Searcher, type SearchPort } from '../logic/searcher.ts';

export interface LiveState {
  readonly view: LogView;
  /** Share of the current search or filter that is done, from 0 to 1. */
  readonly progress: number;
  /** The running search, null if there is none. */
  readonly pattern: RegExp | null;
  /** Why the query is not searched for, null if it is. */
  readonly problem: string | null;
}

/** Shortest time between two updates for new lines, in milliseconds. */
const paceMs = 100;
/**
 * Longest slice of work on the main thread, in milliseconds. After a long one, rows are rendered in a task of their
 * own.
 */
const sliceMs = 8;
/** Lines per request to the worker. */
const batchSize = 1_000;
/** A request takes no further line beyond this number of characters, so that large lines don't make it too long. */
const batchChars = 1_000_000;
const stoppedText =
  'The search was stopped because this pattern takes too long on one of the lines. All lines are shown.';

/** Keeps the index up to date with the stream while it has subscribers, in slices that leave the page responsive. */
export class LiveView {
  #stream: EventStream;
  #searcher: Searcher;
  #filter = noFilter;
  #index = new LogIndex({ levels: noFilter.levels, accepts: null, only: true, pattern: null, run: '' });
  #state: LiveState = { view: this.#index.view, progress: 1, pattern: null, problem: null };
  /** The state that listeners were last notified of. */
  #published = this.#state;
  #listeners = new Set<() => void>();
  #release: (() => void) | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #publishing: ReturnType<typeof setTimeout> | undefined;
  #lastRun = 0;
  #isHeld = false;
  #isMatching = false;

  constructor(stream: EventStream, openWorker: () => SearchPort) {
    this.#stream = stream;
    this.#searcher = new Searcher(openWorker);
  }

  readonly get = (): LiveState => this.#state;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    this.#release ??= this.#stream.subscribe(() => this.#schedule(this.#lastRun + paceMs - performance.now()));
    this.#schedule(0);
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) this.close();
    };
  };

  setFilter(filter: LogFilter): void {
    const { text, regex } = this.#filter;
    const { pattern, problem } = filter.text === text && filter.regex === regex ? this.#state : compile(filter);
    this.#filter = filter;
    this.#apply(pattern, problem);
  }

  isHit(row: Row): boolean {
    return this.#index.isHit(row);
  }

  /** True if the row is a hit because the query is the whole number of its run. */
  isRunHit(row: Row): boolean {
    return this.#index.isRunHit(row);
  }

  /** The visible lines by level over time. Call it while `progress` is 1. */
  volume(bounds: Parameters<LogIndex['volume']>[0]): Volume {
    return this.#index.volume(bounds);
  }

  /** Keeps the rows as they are until `letGo()`. */
  hold(): void {
    this.#isHeld = true;
  }

  /** Continues after {@link hold}, but only after the click event that follows the release of a pointer. */
  letGo(): void {
    this.#isHeld = false;
    this.#schedule(paceMs);
  }

  /** Stops all work until the next subscription. */
  close(): void {
    this.#isHeld = false;
    this.#release?.();
    this.#release = null;
    this.#searcher.close();
    for (const timer of [this.#timer, this.#publishing]) clearTimeout(timer);
    this.#timer = this.#publishing = undefined;
  }

  #apply(pattern: RegExp | null, problem: string | null): void {
    const { levels, marksAll, text, regex } = this.#filter;
    const run = regex ? '' : text.trim();
    if (pattern !== this.#state.pattern) this.#searcher.stop();
    this.#index.setFilter({ levels, accepts: lineFilter(this.#filter), only: !marksAll, pattern, run });
    this.#state = { ...this.#state, pattern, problem };
    // Rows and matches get tasks of their own: this one already renders what the user typed.
    this.#publish();
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#schedule(0);
  }

  #schedule(delayMs: number): void {
    this.#timer ??= setTimeout(() => this.#run(), Math.max(0, delayMs));
  }

  #run(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#isHeld) return;
    const start = performance.now();
    this.#index.setEntries(this.#stream.getSnapshot().entries);
    this.#index.advance(() => performance.now() - start > sliceMs);
    this.#lastRun = performance.now();
    if (this.#index.behind) this.#schedule(0);
    void this.#match();
    if (this.#lastRun - start > sliceMs / 2) this.#publishing ??= setTimeout(() => this.#publish());
    else this.#publish();
  }

  async #match(): Promise<void> {
    const { pattern } = this.#state;
    if (this.#isMatching || pattern === null || this.#release === null) return;
    const { search, rows } = this.#index.unmatched(batchSize);
    if (rows.length === 0) return;
    this.#isMatching = true;
    const batch = textsOf(rows);
    const answer = await this.#searcher.match(pattern, batch);
    this.#isMatching = false;
    if (this.#release === null) return;
    if (answer.kind === 'stopped') this.#apply(null, stoppedText);
    else if (answer.kind === 'failed') this.#apply(null, patternProblem(answer.message));
    else if (answer.kind === 'superseded') this.#schedule(0);
    else {
      this.#index.setMatches(search, rows.slice(0, batch.length), answer.matches);
      // Not delayed by `paceMs`: a long list needs many requests.
      this.#run();
    }
  }

  #publish(): void {
    clearTimeout(this.#publishing);
    this.#publishing = undefined;
    if (this.#isHeld) return;
    const { view, progress } = this.#index;
    if (view !== this.#state.view || progress !== this.#state.progress)
      this.#state = { ...this.#state, view, progress };
    if (this.#state === this.#published) return;
    this.#published = this.#state;
    for (const listener of this.#listeners) listener();
  }
}

/** The texts of the first rows, at least one, up to the size of a request. */
function textsOf(rows: readonly Row[]): string[] {
  const texts: string[] = [];
  let chars = 0;
  for (const { text } of rows) {
    if (chars >= batchChars) break;
    texts.push(text);
    chars += text.length;
  }
  return texts;
}
