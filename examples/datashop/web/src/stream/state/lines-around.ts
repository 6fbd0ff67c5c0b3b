import { onEvents } from '@datashop/sse-client/events';
import { fetchLogs } from '../../api.ts';
import { entryOf, knownEvents } from '../logic/pages.ts';
import { Row } from '../logic/row.ts';
import { Store } from './store.ts';
import type { Viewer } from './viewer.ts';

/** Lines before and after the line, and those that each further load adds. */
export const aroundCount = 50;
/** Most rows: for more, the user returns to the list, which is virtualised. */
const maxRows = 2_000;
/** Lines that arrive within this time are loaded by one request. In milliseconds. */
const paceMs = 500;

export interface AroundState {
  readonly kind: 'loading' | 'gone' | 'ready';
  /** Oldest first, without any filter. */
  readonly rows: readonly Row[];
  readonly hasOlder: boolean;
  /** True: the rows end with the newest stored line, and new ones are added. */
  readonly isLive: boolean;
  /** True: no more lines are added. */
  readonly isFull: boolean;
  readonly error: string;
}

/**
 * A stored line with its neighbours, whatever the filters are; then the lines that follow, as the stream reports them.
 */
export class LinesAround {
  readonly state = new Store<AroundState>({
    kind: 'loading',
    rows: [],
    hasOlder: false,
    isLive: false,
    isFull: false,
    error: '',
  });
  readonly #viewer: Viewer;
  readonly #id: string;
  readonly #leaving = new AbortController();
  #release = () => {};
  #busy = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #places = 0;

  constructor(viewer: Viewer, id: string) {
    this.#viewer = viewer;
    this.#id = id;
  }

  /** Loads the line and its neighbours. */
  async open(): Promise<void> {
    this.#release();
    this.#release = onEvents(this.#viewer.stream, () => this.#wake());
    await this.#load(async (signal) => {
      // The page begins with the line itself.
      const before = await fetchLogs({ upTo: this.#id, limit: aroundCount + 1 }, signal);
      if (before.ids[0] !== this.#id) return this.state.set({ kind: 'gone' });
      this.#add(before, 'desc');
      await this.#loadNewer(signal);
      // Only after the newer lines are here, because the page scrolls to the line as soon as it is ready.
      this.state.set({ kind: 'ready', hasOlder: before.nextCursor !== null });
    });
  }

  older(): Promise<void> {
    return this.#load(async (signal) => {
      const [oldest] = this.state.get().rows;
      const page = await fetchLogs({ upTo: oldest?.id, limit: aroundCount + 1 }, signal);
      this.#add({ logs: page.logs.slice(1), ids: page.ids.slice(1) }, 'desc');
      this.state.set({ hasOlder: page.nextCursor !== null });
    });
  }

  newer(): Promise<void> {
    return this.#load((signal) => this.#loadNewer(signal));
  }

  close(): void {
    this.#leaving.abort();
    this.#release();
    clearTimeout(this.#timer);
  }

  async #loadNewer(signal: AbortSignal): Promise<void> {
    const { isLive } = this.state.get();
    for (;;) {
      const newest = this.state.get().rows.at(-1);
      const page = await fetchLogs({ after: newest?.id, order: 'asc', limit: aroundCount }, signal);
      this.#add(page, 'asc');
      const isFull = this.state.get().rows.length >= maxRows;
      const isAtEnd = page.nextCursor === null;
      this.state.set({ isLive: isAtEnd && !isFull, isFull });
      // While it is live, more lines may have arrived than one request loads.
      if (!isLive || isAtEnd || isFull) return;
    }
  }

  #wake(): void {
    if (!this.state.get().isLive) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      if (this.#busy) this.#wake();
      else void this.newer();
    }, paceMs);
  }

  async #load(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    this.state.set({ error: '' });
    const signal = AbortSignal.any([this.#leaving.signal, this.#viewer.signal]);
    try {
      await work(signal);
    } catch (error) {
      if (!signal.aborted) this.#viewer.failed(error, (problem) => this.state.set({ error: problem.explanation }));
    } finally {
      this.#busy = false;
    }
  }

  #add(page: Parameters<typeof knownEvents>[0], order: 'asc' | 'desc'): void {
    const { rows } = this.state.get();
    const first = order === 'asc' ? this.#places : (rows[0]?.place ?? this.#places) - page.ids.length;
    const added = knownEvents(page, order).map((event, index) => {
      // Keys of the list are positive.
      const key = -1_000_000 - (first + index);
      return new Row(entryOf(event, key), first + index);
    });
    if (order === 'asc' || rows.length === 0) this.#places = first + added.length;
    const all = order === 'asc' ? [...rows, ...added] : [...added, ...rows];
    for (const [index, row] of all.entries()) row.setGroup(all[index - 1]);
    this.state.set({ rows: all });
  }
}
