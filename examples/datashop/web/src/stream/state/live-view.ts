import type { EventStream } from '@datashop/sse-client';
import { type Level, logLevels } from '../../log.ts';
import { LogIndex, type LogView } from '../logic/log-index.ts';
import { compile, type Query } from '../logic/search.ts';
import { Searcher, type SearchPort } from '../logic/searcher.ts';

export interface ViewFilter {
  readonly levels: ReadonlySet<Level>;
  readonly query: Query;
  readonly only: boolean;
}

export interface LiveState {
  readonly view: LogView;
  /** Of a search or filter that is not through yet, from 0 to 1. */
  readonly progress: number;
  /** What marks are made with, null where nothing is looked for. */
  readonly pattern: RegExp | null;
  /** Why nothing is looked for although something was typed. */
  readonly problem: string | null;
}

/** Ten times a second is as fast as anybody reads, and leaves the time between to scrolling. */
const paceMs = 100;
/** Of a frame, for the index. */
const sliceMs = 10;
/** Lines to one question of the worker. */
const batchSize = 2_000;
const stoppedText =
  'The search was stopped: this pattern takes too long, perhaps for ever, on one of the lines. All lines are shown.';

/** Keeps the index up with the stream, in slices that a page does not feel, for as long as somebody looks at it. */
export class LiveView {
  #stream: EventStream;
  #searcher: Searcher;
  #filter: ViewFilter = { levels: new Set(logLevels), query: { text: '', regex: false }, only: true };
  #index = new LogIndex({ ...this.#filter, pattern: null, elsewhere: false });
  #state: LiveState = { view: this.#index.view, progress: 1, pattern: null, problem: null };
  #listeners = new Set<() => void>();
  #release: (() => void) | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #lastRun = 0;
  #asking = false;

  constructor(stream: EventStream, openWorker: () => SearchPort) {
    this.#stream = stream;
    this.#searcher = new Searcher(openWorker);
  }

  readonly get = (): LiveState => this.#state;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    this.#release ??= this.#stream.subscribe(() => this.#plan(this.#lastRun + paceMs - performance.now()));
    this.#plan(0);
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) this.close();
    };
  };

  setFilter(filter: ViewFilter): void {
    const { pattern: before, problem: problemBefore } = this.#state;
    const same = filter.query === this.#filter.query;
    const { pattern, problem } = same ? { pattern: before, problem: problemBefore } : compile(filter.query);
    this.#filter = filter;
    this.#apply(pattern, problem);
  }

  verdict: LogIndex['verdict'] = (row) => this.#index.verdict(row);

  /** Rests until somebody subscribes again. */
  close(): void {
    this.#release?.();
    this.#release = null;
    this.#searcher.close();
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #apply(pattern: RegExp | null, problem: string | null): void {
    const { levels, only, query } = this.#filter;
    if (pattern !== this.#state.pattern) this.#searcher.stop();
    this.#index.setFilter({ levels, only, pattern, elsewhere: query.regex && pattern !== null });
    this.#state = { ...this.#state, pattern, problem };
    this.#run();
  }

  #plan(delayMs: number): void {
    this.#timer ??= setTimeout(() => this.#run(), Math.max(0, delayMs));
  }

  #run(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const start = performance.now();
    this.#index.setEntries(this.#stream.getSnapshot().entries);
    this.#index.advance(() => performance.now() - start > sliceMs);
    this.#lastRun = performance.now();
    if (this.#index.behind) this.#plan(0);
    void this.#ask();
    this.#publish();
  }

  async #ask(): Promise<void> {
    const { pattern } = this.#state;
    const { search, rows } = this.#index.unmatched(batchSize);
    if (this.#asking || pattern === null || rows.length === 0 || this.#release === null) return;
    this.#asking = true;
    const texts = rows.map((row) => row.text);
    const answer = await this.#searcher.match(pattern, texts);
    this.#asking = false;
    if (answer === 'stopped') this.#apply(null, stoppedText);
    else {
      if (answer !== 'superseded') this.#index.setVerdicts(search, rows, answer.verdicts);
      // At once: a long list is many questions, and each would wait for the pace of the stream.
      this.#run();
    }
  }

  #publish(): void {
    this.#state = { ...this.#state, view: this.#index.view, progress: this.#index.progress };
    for (const listener of this.#listeners) listener();
  }
}
