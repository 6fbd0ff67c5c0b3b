import { Arrivals } from './arrivals.ts';
import type { LogCollection } from './collection.ts';
import { deleted, type FoundLog, type FoundLogs } from './found-logs.ts';
import { floorOf, type Hex, lowest, predecessorOf, timeOf } from './object-ids.ts';
import { type LogMemory, RecentLogs } from './recent-logs.ts';
import type { Timing } from './timing.ts';

/** The ids that no look finds again are forgotten each time that so many more milliseconds of them have passed. */
const forgetEveryMs = 10_000;

/** What the lists of a store share. */
export interface ListContext {
  readonly collection: LogCollection;
  readonly found: FoundLogs;
  readonly memory: LogMemory;
  readonly timing: Timing;
}

/** The logs of one workflow, or of all, in the order in which this process has found them, each once. */
export class LogList {
  /** Another one for each list of any process. */
  readonly name: string;
  readonly arrivals: Arrivals;
  readonly #context: ListContext;
  readonly #recent: RecentLogs;
  /** At least the listed ids that a look may find again. */
  readonly #known = new Set<Hex>();
  /** Below this id, only {@link arrivals} tells whether an id is listed. */
  #knownFrom = lowest;
  #boundary = lowest;
  /** The log in front of the first arrival. */
  #before: Hex | undefined;
  /** Number of arrivals that were there when the list began, in the order of their ids. */
  #initial = 0;
  /** True if a listed id is not behind the boundary. */
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

  /** Call it before all else: the list begins with this id. */
  begin(from: Hex): void {
    this.#boundary = predecessorOf(from);
    this.#knownFrom = from;
  }

  /**
   * Call it once what was there when the list began is listed.
   *
   * @param before the log in front of it
   */
  endInitial(before: Hex | undefined): void {
    this.#initial = this.arrivals.end;
    this.#before ??= before;
  }

  /** All ids that are not listed and were there when the list began are at or below this one, and no others. */
  get boundary(): Hex {
    return this.#boundary;
  }

  /**
   * Number of arrivals that were there when the list began: their places tell nothing about when they became visible.
   */
  get initial(): number {
    return this.#initial;
  }

  /** Time of the newest ObjectId; 0 without one. */
  get newest(): number {
    return this.#newest;
  }

  /**
   * A look lists nothing at or below this id. That may be below the boundary, which is in the future if a log is not in
   * the list any more whose writer's clock was ahead: the ids up to there are known then.
   */
  get lookAfter(): Hex {
    return this.#boundary < this.#knownFrom ? this.#boundary : predecessorOf(this.#knownFrom);
  }

  isListed(id: Hex): boolean {
    return this.#known.has(id) || (id < this.#knownFrom && this.arrivals.find(id) !== undefined);
  }

  /** True if the log is listed, although it is not behind the boundary. */
  isListedBefore(id: Hex): boolean {
    return this.#hasOldArrivals && this.arrivals.find(id) !== undefined;
  }

  /** The log that was listed directly before the arrival `n`; undefined if there was none. */
  logBefore(n: number): Hex | undefined {
    const id = n > this.arrivals.start ? this.arrivals.idOf(n - 1) : this.#before;
    return id === lowest ? undefined : id;
  }

  /** Later than every arrival before, so that those of one look can be told from the others. */
  timeOfNext(time: number): number {
    return Math.max(time, this.#lastTime + 0.001);
  }

  /** @param time when it was found @param log kept in memory for those who read it soon */
  add(id: Hex, time: number, isLate = false, log?: FoundLog): void {
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

  /** Adds an arrival that is no log, but stands for logs that may be missing. */
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
  async logsOf(numbers: readonly number[]): Promise<FoundLog[]> {
    const { collection, found } = this.#context;
    const logs = numbers.map((n) => this.#recent.get(n));
    const ids = numbers.map((n) => this.arrivals.idOf(n));
    const missing = ids.filter((_id, index) => logs[index] === undefined);
    if (missing.length === 0) return logs.map((log) => log ?? deleted);
    const documents = await collection.documents(missing);
    return ids.map((id, index) => {
      const raw = documents.get(id);
      return logs[index] ?? (raw === undefined ? deleted : found.of(id, raw));
    });
  }

  /** Releases the documents in memory; the list stays. */
  releaseLogs(): void {
    this.#recent.clear();
  }

  /** No look finds an id of a time before this again. */
  forgetBefore(time: number): void {
    if (time < timeOf(this.#knownFrom) + forgetEveryMs) return;
    this.#knownFrom = floorOf(time);
    for (const id of this.#known) if (id < this.#knownFrom) this.#known.delete(id);
  }
}
