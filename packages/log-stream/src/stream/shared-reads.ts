import { matcherOf } from '../filter.ts';
import type { LogBatch, LogCursor, LogFilter, LogLoss, LogStore } from '../log-store.ts';
import { batchesOf, type FrameBatch, formatOf, type StreamFormat } from './frames.ts';

/** Most logs that one read returns, and so the most that a stream is sent in one turn of the event loop. */
export const readLimit = 256;
/** Most reads that start in one turn of the event loop: a read of SQLite blocks it. */
const maxReadsPerTurn = 4;
/** Bounds of the runs that are kept for readers that will need them. */
const maxKeptBytes = 4 * 1024 * 1024;
const maxKeptRuns = 64;

/** What a subscriber is sent. Readers with the same key are sent the same bytes. */
export interface Selection {
  readonly key: string;
  readonly filter: LogFilter;
  readonly format: StreamFormat;
}

/** Result of one read, serialised for every reader of a selection. */
export interface Run {
  /** The place that was read from. */
  readonly after: LogCursor;
  /** Every log up to this place is in the run, or does not match. */
  readonly cursor: LogCursor;
  /** True if there was more to read. */
  readonly more: boolean;
  /** Set if logs may be missing directly after `after`: why. */
  readonly gap: LogLoss | undefined;
  readonly batches: readonly FrameBatch[];
}

/** The store failed, and the failure has been reported. */
export class StoreFailure extends Error {}

export function selectionOf(store: LogStore, filter: LogFilter): Selection {
  return { key: JSON.stringify(filter), filter, format: formatOf(store, filter) };
}

/** Serialises the matching logs of a batch. @param filtered true if the store has already left out the others */
export function runOf({ format, filter }: Selection, after: LogCursor, batch: LogBatch, filtered: boolean): Run {
  const { cursor, more, gap } = batch;
  const matches = matcherOf(filter);
  const logs = filtered ? batch.logs : batch.logs.filter(matches);
  return { after, cursor, more, gap, batches: batchesOf(format, logs) };
}

/**
 * Reads of readers that are behind the newest log. Readers at the same place share a read: while it runs, and for as
 * long as its result is kept. So a thousand readers that fall behind together cost as many reads as one.
 */
export class SharedReads {
  readonly #store: LogStore;
  readonly #report: (error: unknown) => void;
  readonly #running = new Map<string, Promise<Run>>();
  /** Oldest first. */
  readonly #kept: { readonly key: string; readonly run: Run; readonly bytes: number }[] = [];
  #keptBytes = 0;
  #started = 0;
  readonly #waiting: (() => void)[] = [];

  /** @param report called once for every failed read, however many readers share it */
  constructor(store: LogStore, report: (error: unknown) => void) {
    this.#store = store;
    this.#report = report;
  }

  /**
   * Returns a run that contains what follows `position`. The run may begin earlier.
   *
   * @throws StoreFailure
   */
  async read(selection: Selection, position: LogCursor): Promise<Run> {
    const { key } = selection;
    const kept = this.#kept.findLast((entry) => entry.key === key && continuesFrom(entry.run, position));
    if (kept) return kept.run;
    const place = `${position} ${key}`;
    const running = this.#running.get(place) ?? this.#read(selection, position);
    this.#running.set(place, running);
    try {
      return await running;
    } finally {
      this.#running.delete(place);
    }
  }

  /** Keeps a run for readers that have not been sent all of it. */
  keep({ key }: Selection, run: Run): void {
    const bytes = run.batches.reduce((sum, batch) => sum + batch.bytes.length, 0);
    if (bytes === 0) return;
    this.#kept.push({ key, run, bytes });
    this.#keptBytes += bytes;
    while (this.#kept.length > maxKeptRuns || (this.#keptBytes > maxKeptBytes && this.#kept.length > 1)) {
      this.#keptBytes -= this.#kept.shift()?.bytes ?? 0;
    }
  }

  /** Releases the kept runs. */
  clear(): void {
    this.#kept.length = 0;
    this.#keptBytes = 0;
  }

  async #read(selection: Selection, position: LogCursor): Promise<Run> {
    await this.#turn();
    let batch: LogBatch;
    try {
      batch = await this.#store.read(position, selection.filter, readLimit);
    } catch (error) {
      this.#report(error);
      throw new StoreFailure('The log store failed', { cause: error });
    }
    const run = runOf(selection, position, batch, true);
    this.keep(selection, run);
    return run;
  }

  /** Resolves when a read may start. */
  async #turn(): Promise<void> {
    if (this.#started >= maxReadsPerTurn) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    if (this.#started++ === 0) setImmediate(() => this.#nextTurn());
  }

  #nextTurn(): void {
    this.#started = 0;
    for (const start of this.#waiting.splice(0, maxReadsPerTurn)) start();
  }
}

/**
 * True if a reader at `position` can be sent the rest of the run: the position is the start of the run, or the end of
 * one of its batches.
 */
function continuesFrom({ after, cursor, batches }: Run, position: LogCursor): boolean {
  if (!position.isBefore(cursor)) return false;
  return after.equals(position) || batches.some((batch) => batch.cursor.equals(position));
}
