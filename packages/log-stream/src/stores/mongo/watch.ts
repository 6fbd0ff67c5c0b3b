import type { LogFilter } from '../../log-store.ts';
import { Arrivals } from './arrivals.ts';
import type { LogCollection } from './collection.ts';
import type { RawDocument } from './document.ts';
import { deleted, type FoundLog, type FoundLogs } from './found-logs.ts';
import { floorOf, type Hex, lowest, predecessorOf, timeOf } from './object-ids.ts';
import { type LogMemory, RecentLogs } from './recent-logs.ts';
import type { Timing } from './timing.ts';

/** Most documents that one look fetches. What else it finds is fetched when a subscriber reads it. */
const maxFetched = 1_000;

/** The ids that no look finds again are forgotten each time that so many more milliseconds of them have passed. */
const forgetEveryMs = 10_000;

/** What the watches of a store share. */
export interface WatchContext {
  readonly collection: LogCollection;
  readonly found: FoundLogs;
  readonly memory: LogMemory;
  readonly timing: Timing;
  /** Called for a log that became visible late, and for one whose ObjectId is of a second that has not begun. */
  readonly onSkew: (kind: 'late' | 'early') => void;
}

/**
 * The logs of one workflow, or of all, in the order in which this process finds them: by looks at the database, and by
 * events of the change stream. A log that is found twice is listed once.
 */
export class Watch {
  /** Names the list of arrivals: another one for each watch of any process. */
  readonly list: string;
  readonly filter: LogFilter;
  readonly arrivals: Arrivals;
  readonly #context: WatchContext;
  readonly #recent: RecentLogs;
  readonly #listeners = new Set<{ readonly call: () => void }>();
  /** At least the listed ids that a look may find again. */
  readonly #known = new Set<Hex>();
  /** Below this id, only {@link arrivals} tells whether an id is listed. */
  #knownFrom = lowest;
  /** All ids that are not listed and were there when the list began are at or below this one, and no others. */
  #boundary = lowest;
  /** Number of arrivals that were there when the list began, in the order of their ids. */
  #initial = 0;
  #begunAt = 0;
  /** Everything that was visible at this time is listed, unless it became visible late. */
  #completeAt = 0;
  /** The same, and what became visible late. */
  #lateCompleteAt = 0;
  /** True if a listed id is not behind the boundary. */
  #hasOldArrivals = false;
  /** Time of the newest ObjectId, and of the last arrival. */
  #newest = 0;
  #lastTime = 0;
  /** What the change stream delivers before the list has begun. */
  #early: [Hex, RawDocument][] | undefined = [];
  #looking: Promise<void> = Promise.resolve();
  #next: Promise<void> | undefined;
  #isNextLate = false;
  /** Numbers of the arrivals that stand for logs which may be missing, in ascending order. */
  readonly #losses: number[] = [];

  constructor(context: WatchContext, filter: LogFilter, list: string) {
    this.#context = context;
    this.#recent = new RecentLogs(context.memory);
    this.filter = filter;
    this.list = list;
    this.arrivals = new Arrivals(context.timing.maxArrivals);
  }

  /**
   * Lists what is there already, as far back as more may become visible among it. Call it before all else, and again only
   * if it has failed.
   */
  async begin(): Promise<void> {
    const { collection, timing } = this.#context;
    this.#begunAt = this.#completeAt = this.#lateCompleteAt = timing.now();
    this.#knownFrom = floorOf(this.#completeAt - timing.lateMs);
    this.#boundary = predecessorOf(this.#knownFrom);
    for (const id of await collection.ids(this.filter, { after: this.#boundary })) {
      this.#list(id, Math.min(timeOf(id), this.#completeAt), false);
    }
    this.#initial = this.arrivals.end;
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const [id, raw] of early) this.arrive(id, raw);
  }

  get boundary(): Hex {
    return this.#boundary;
  }

  /** True if the log is listed, although it is not behind the boundary. */
  isListedBefore(id: Hex): boolean {
    return this.#hasOldArrivals && this.arrivals.find(id) !== undefined;
  }

  /** When everything was listed last that may have become visible late. */
  get lateCompleteAt(): number {
    return this.#lateCompleteAt;
  }

  /** True if what was there already is listed. */
  get hasBegun(): boolean {
    return this.#early === undefined;
  }

  get hasListeners(): boolean {
    return this.#listeners.size > 0;
  }

  /** True if the arrival was there when the list began: then its place tells nothing about when it became visible. */
  isInitial(n: number): boolean {
    return n < this.#initial;
  }

  /** Everything that was visible at this time comes before the arrival `n`, unless it became visible late. */
  timeBefore(n: number): number {
    const { start, end } = this.arrivals;
    if (n === end) return this.#completeAt;
    // Of what was found together, the rest comes behind `n`.
    const first = this.arrivals.firstSince(this.arrivals.timeOf(n));
    if (first <= start) return Math.min(timeOf(this.#boundary), this.arrivals.timeOf(start) - 1);
    return first === this.#initial ? this.#begunAt : this.arrivals.timeOf(first - 1);
  }

  subscribe(listener: () => void): () => void {
    // Wrapped, so that a function that is subscribed twice has two subscriptions, each with its own release.
    const entry = { call: listener };
    this.#listeners.add(entry);
    return () => this.#listeners.delete(entry);
  }

  /** Calls all listeners. */
  notify(): void {
    for (const { call } of [...this.#listeners]) call();
  }

  /**
   * Looks for logs that have become visible. Resolves when everything is listed that was visible at the call.
   *
   * @param isLate also list what became visible late
   */
  look(isLate = false): Promise<void> {
    this.#isNextLate ||= isLate;
    // Not the look that runs: it may have begun before a log became visible.
    // If that one fails, its caller gets the error.
    this.#next ??= this.#looking.catch(() => {}).then(() => this.#begin());
    return this.#next;
  }

  /** Lists a log that the change stream has delivered. */
  arrive(id: Hex, raw: RawDocument): void {
    if (this.#early) {
      this.#early.push([id, raw]);
      return;
    }
    if (this.#isListed(id)) return;
    const time = this.#timeOfNext(this.#context.timing.now());
    this.#add(id, this.hasListeners ? this.#context.found.of(id, raw) : undefined, time, false);
    this.notify();
  }

  /** Call it when everything that was visible at `time` has arrived by the change stream. */
  completeUntil(time: number): void {
    if (this.#early || time <= this.#lateCompleteAt) return;
    this.#completeAt = Math.max(this.#completeAt, time);
    this.#lateCompleteAt = time;
    this.#forget();
  }

  /** Reports that logs may be missing behind the listed ones, if the newest of those is stored no more. */
  async checkLoss(): Promise<void> {
    const { start, end } = this.arrivals;
    if (end === start || this.isLoss(end - 1)) return;
    if (await this.#context.collection.has(this.filter, this.arrivals.idOf(end - 1))) return;
    this.#losses.push(this.#list(lowest, this.#timeOfNext(this.#lastTime), false));
    this.notify();
  }

  /** True if the arrival is no log, but stands for logs that may be missing. */
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
    const logs = numbers.map((n) => this.#recent.get(n));
    const ids = numbers.map((n) => this.arrivals.idOf(n));
    const missing = ids.filter((_id, index) => logs[index] === undefined);
    if (missing.length === 0) return logs.map((log) => log ?? deleted);
    const documents = await this.#context.collection.documents(missing);
    return ids.map((id, index) => {
      const raw = documents.get(id);
      return logs[index] ?? (raw === undefined ? deleted : this.#context.found.of(id, raw));
    });
  }

  /** Releases the documents in memory; the list stays. */
  releaseLogs(): void {
    this.#recent.clear();
  }

  #begin(): Promise<void> {
    const isLate = this.#isNextLate;
    this.#isNextLate = false;
    this.#next = undefined;
    this.#looking = this.#look(isLate);
    return this.#looking;
  }

  async #look(isLate: boolean): Promise<void> {
    const { collection, found, timing } = this.#context;
    const began = timing.now();
    const settled = this.#settledFloor();
    const floor = isLate ? floorOf(this.#lateCompleteAt - timing.lateMs) : settled;
    const after = predecessorOf(floor);
    const lowestAfter = this.#lookAfter;
    const ids = await collection.ids(this.filter, { after: after > lowestAfter ? after : lowestAfter });
    const fresh = ids.filter((id) => !this.#isListed(id));
    // Without listeners, whoever reads them later fetches them.
    const fetched = this.hasListeners ? fresh.slice(0, maxFetched) : [];
    const documents = await collection.documents(fetched);
    const time = this.#timeOfNext(began);
    for (const [index, id] of fresh.entries()) {
      const raw = documents.get(id);
      const isDeleted = raw === undefined && index < fetched.length;
      // The change stream may have delivered it meanwhile.
      if (!isDeleted && !this.#isListed(id)) this.#add(id, raw && found.of(id, raw), time, id < settled);
    }
    // Also if that is earlier: the clock may have been set back.
    this.#completeAt = began;
    if (isLate) {
      this.#lateCompleteAt = began;
      this.#forget();
    }
    if (fresh.length > 0) this.notify();
  }

  /**
   * The lowest id that may have become visible since the last look, if none becomes visible late. Counted from the newest
   * id if that is lower: the writers' clocks may be behind.
   */
  #settledFloor(): Hex {
    const newest = this.#newest || this.#completeAt;
    return floorOf(Math.min(this.#completeAt, newest) - this.#context.timing.settleMs);
  }

  /**
   * A look lists nothing at or below this id. That may be below the boundary, which is in the future if a log is not in the
   * list any more whose writer's clock was ahead: the ids up to there are known then.
   */
  get #lookAfter(): Hex {
    return this.#boundary < this.#knownFrom ? this.#boundary : predecessorOf(this.#knownFrom);
  }

  #isListed(id: Hex): boolean {
    return this.#known.has(id) || (id < this.#knownFrom && this.arrivals.find(id) !== undefined);
  }

  #add(id: Hex, log: FoundLog | undefined, time: number, isLate: boolean): void {
    if (isLate) this.#context.onSkew('late');
    // A second of tolerance, because the server's clock is known that well.
    if (timeOf(id) > time + 1_000) this.#context.onSkew('early');
    const n = this.#list(id, time, isLate);
    if (log) this.#recent.add(n, log);
  }

  #list(id: Hex, time: number, isLate: boolean): number {
    const n = this.arrivals.end;
    this.#lastTime = Math.max(this.#lastTime, time);
    for (const dropped of this.arrivals.add(id, this.#lastTime, isLate)) {
      if (dropped > this.#boundary) this.#boundary = dropped;
      this.#hasOldArrivals = true;
    }
    if (id <= this.#boundary) this.#hasOldArrivals = true;
    this.#known.add(id);
    this.#newest = Math.max(this.#newest, Math.min(timeOf(id), this.#context.timing.now()));
    return n;
  }

  /** Later than every arrival before, so that those of one look can be told from the others. */
  #timeOfNext(time: number): number {
    return Math.max(time, this.#lastTime + 0.001);
  }

  #forget(): void {
    const floor = this.#lateCompleteAt - this.#context.timing.lateMs;
    if (floor < timeOf(this.#knownFrom) + forgetEveryMs) return;
    this.#knownFrom = floorOf(floor);
    for (const id of this.#known) if (id < this.#knownFrom) this.#known.delete(id);
  }
}
