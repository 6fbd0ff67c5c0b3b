import { Arrivals } from './arrivals.ts';
import type { LogCollection } from './collection.ts';
import { type DeliveredLog, deleted, type LogMapper } from './log-mapper.ts';
import { floorOf, type Hex, lowest, predecessorOf, timeOf } from './object-ids.ts';
import { type LogMemory, RecentLogs } from './recent-logs.ts';
import type { Timing } from './timing.ts';

/** Known ids are pruned in steps of this many milliseconds. */
const forgetEveryMs = 10_000;

/** What the lists of a store share. */
export interface ListContext {
  readonly collection: LogCollection;
  readonly mapper: LogMapper;
  readonly memory: LogMemory;
  readonly timing: Timing;
}

/**
 * The logs of one workflow, or of all, in the order in which this process has found them, each once.
 *
 * The words of this folder:
 *
 * - visible: a read of the database returns the document. Documents become visible out of the order of their ObjectIds.
 * - look: a query for the ids of logs that may have become visible since the last one. A late look goes further back.
 * - find: a look or the change stream returns a log that is not listed. It is then listed, as the next arrival.
 * - late: found by a look after `settleMs`, within which documents are expected to become visible.
 * - arrival: an entry of the list, numbered from 0. Streams deliver logs in the order of arrival.
 * - loss: an arrival that stands for logs that may be missing.
 * - boundary: the ObjectId up to which an unlisted log counts as history. Above it, an unlisted log has not been found
 *   yet.
 * - history: the logs up to the boundary that are not listed, because they are older than the list or were dropped from
 *   it. Streams read the history from the database, in the order of ObjectIds.
 * - place: a point between two logs of a stream or of pages, as a cursor has it.
 * - position: a place with an id of its own, not that of a log. The id contains a time, from which other processes
 *   continue.
 */
export class LogList {
  /** Distinguishes this list from all others, also from those of other processes. */
  readonly name: string;
  readonly arrivals: Arrivals;
  readonly #context: ListContext;
  readonly #recent: RecentLogs;
  /** At least the listed ids that a look may return again. */
  readonly #known = new Set<Hex>();
  /** From this id on, every listed id is in {@link #known}; lower ones are only in {@link arrivals}. */
  #knownFrom = lowest;
  #boundary = lowest;
  /** The log directly before the first arrival. */
  #before: Hex | undefined;
  /** Number of arrivals with which the list began, in the order of their ids. */
  #initial = 0;
  /** True once an id up to the boundary may be listed. */
  #hasOldArrivals = false;
  #newest = 0;
  #lastTime = 0;
  /** Numbers of the arrivals that stand for logs which may be missing, in ascending order. */
  readonly #losses: number[] = [];

  constructor(context: ListContext, name: string) {
    this.#context = context;
    this.#recent = new RecentLogs(context.memory);
    this.name = name;
    this.arrivals = new Arrivals(context.timing.maxArrivals);
  }

  /** Call it first. @param from the list begins with this id */
  begin(from: Hex): void {
    this.#boundary = predecessorOf(from);
    this.#knownFrom = from;
  }

  /**
   * Call it once the arrivals with which the list begins have been added.
   *
   * @param before the log directly before them
   */
  endInitial(before: Hex | undefined): void {
    this.#initial = this.arrivals.end;
    this.#before ??= before;
  }

  /** The id up to which an unlisted log counts as history. Above it, an unlisted log has not been found yet. */
  get boundary(): Hex {
    return this.#boundary;
  }

  /**
   * Number of arrivals with which the list began. They are in the order of their ids, which does not show when they
   * became visible.
   */
  get initial(): number {
    return this.#initial;
  }

  /** Time of the newest ObjectId; 0 without one. */
  get newest(): number {
    return this.#newest;
  }

  /**
   * Exclusive lower bound of a look. Usually the boundary. If a dropped log of a writer whose clock is ahead has moved
   * the boundary into the future, the start of the known ids, so that newer logs below the boundary are found.
   */
  get lookAfter(): Hex {
    return this.#boundary < this.#knownFrom ? this.#boundary : predecessorOf(this.#knownFrom);
  }

  isListed(id: Hex): boolean {
    return this.#known.has(id) || (id < this.#knownFrom && this.arrivals.numberOf(id) !== undefined);
  }

  /** For an id up to the boundary: true if the log is listed, and so not part of the history. */
  isListedUpToBoundary(id: Hex): boolean {
    return this.#hasOldArrivals && this.arrivals.numberOf(id) !== undefined;
  }

  /** The log that was listed directly before the arrival `n`; undefined if there was none. */
  logBefore(n: number): Hex | undefined {
    const id = n > this.arrivals.start ? this.arrivals.idOf(n - 1) : this.#before;
    return id === lowest ? undefined : id;
  }

  /**
   * Returns `time`, or a later one if needed: later than that of every arrival, to separate the arrivals of two looks.
   */
  timeOfNext(time: number): number {
    return Math.max(time, this.#lastTime + 0.001);
  }

  /** @param time when it was found @param log kept in memory for subscribers that read it soon */
  add(id: Hex, time: number, isLate = false, log?: DeliveredLog): void {
    const n = this.arrivals.end;
    this.#lastTime = Math.max(this.#lastTime, time);
    for (const dropped of this.arrivals.add(id, this.#lastTime, isLate)) {
      if (dropped > this.#boundary) this.#boundary = dropped;
      this.#before = dropped;
      this.#hasOldArrivals = true;
    }
    if (id <= this.#boundary) this.#hasOldArrivals = true;
    this.#known.add(id);
    this.#newest = Math.max(this.#newest, Math.min(timeOf(id), this.#context.timing.now()));
    if (log) this.#recent.add(n, log);
  }

  /** Adds a loss. */
  addLoss(): void {
    this.#losses.push(this.arrivals.end);
    this.add(lowest, this.timeOfNext(this.#lastTime));
  }

  isLoss(n: number): boolean {
    return this.#losses.includes(n);
  }

  /** The end of a read from `n`: a loss is read alone. */
  endOfRead(n: number): number {
    return this.#losses.find((loss) => loss > n) ?? this.arrivals.end;
  }

  /** Length of the log's JSON if it is in memory. */
  sizeOf(n: number): number | undefined {
    return this.#recent.get(n)?.size;
  }

  /** The logs of these arrivals, from memory or from the database. */
  async logsOf(numbers: readonly number[]): Promise<DeliveredLog[]> {
    const { collection, mapper } = this.#context;
    const logs = numbers.map((n) => this.#recent.get(n));
    const ids = numbers.map((n) => this.arrivals.idOf(n));
    const missing = ids.filter((_id, index) => logs[index] === undefined);
    if (missing.length === 0) return logs.map((log) => log ?? deleted);
    const documents = await collection.documents(missing);
    return ids.map((id, index) => {
      const raw = documents.get(id);
      return logs[index] ?? (raw === undefined ? deleted : mapper.map(id, raw));
    });
  }

  /** Releases the documents in memory; the list stays. */
  releaseLogs(): void {
    this.#recent.clear();
  }

  /** Call it once no look returns ids of a time before this one any more: prunes the known ids. */
  forgetBefore(time: number): void {
    if (time < timeOf(this.#knownFrom) + forgetEveryMs) return;
    this.#knownFrom = floorOf(time);
    for (const id of this.#known) if (id < this.#knownFrom) this.#known.delete(id);
  }
}
