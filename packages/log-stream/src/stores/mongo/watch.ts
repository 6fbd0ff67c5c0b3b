import type { LogFilter } from '../../log-store.ts';
import type { RawDocument } from './document.ts';
import { type ListContext, LogList } from './log-list.ts';
import { floorOf, type Hex, predecessorOf, timeOf } from './object-ids.ts';

/** Most documents that one look fetches. Those of further logs are fetched when a subscriber reads them. */
const maxFetched = 1_000;

/** What the watches of a store share. */
export interface WatchContext extends ListContext {
  /** Called for a log that became visible late, and for one whose ObjectId is of a second that has not begun. */
  readonly onSkew: (kind: 'late' | 'early') => void;
}

/**
 * Lists the logs of one workflow, or of all, as looks and the change stream return them, and notifies listeners of new
 * ones. See {@link LogList} for the terms.
 */
export class Watch {
  readonly filter: LogFilter;
  readonly list: LogList;
  readonly #context: WatchContext;
  readonly #listeners = new Set<{ readonly call: () => void }>();
  #begunAt = 0;
  /** Everything that was visible at this time is listed, unless it became visible late. */
  #completeAt = 0;
  /** Everything that was visible at this time is listed, even if it became visible late. */
  #lateCompleteAt = 0;
  /** What the change stream delivers before the list has begun; undefined from then on. */
  #queued: [Hex, RawDocument][] | undefined = [];
  #looking: Promise<void> = Promise.resolve();
  #next: Promise<void> | undefined;
  #isNextLate = false;

  /** @param name of the list */
  constructor(context: WatchContext, filter: LogFilter, name: string) {
    this.#context = context;
    this.filter = filter;
    this.list = new LogList(context, name);
  }

  /**
   * Lists the logs that are visible now and so new that others may still become visible among them. Call it first, and
   * again only if it has failed.
   */
  async begin(): Promise<void> {
    const { collection, timing } = this.#context;
    const begunAt = timing.now();
    const from = floorOf(begunAt - timing.lateMs);
    const [ids, [before]] = await Promise.all([
      collection.ids(this.filter, { after: predecessorOf(from) }),
      collection.idsBefore(this.filter, { before: from }, 1),
    ]);
    this.#begunAt = this.#completeAt = this.#lateCompleteAt = begunAt;
    this.list.begin(from);
    for (const id of ids) this.list.add(id, Math.min(timeOf(id), begunAt));
    this.list.endInitial(before);
    const queued = this.#queued ?? [];
    this.#queued = undefined;
    for (const [id, raw] of queued) this.arrive(id, raw);
  }

  /** Everything that was visible at this time is listed, even if it became visible late. */
  get lateCompleteAt(): number {
    return this.#lateCompleteAt;
  }

  /** True once {@link begin} has succeeded. */
  get hasBegun(): boolean {
    return this.#queued === undefined;
  }

  get hasListeners(): boolean {
    return this.#listeners.size > 0;
  }

  /** Returns a time: everything that was visible then comes before the arrival `n`, unless it became visible late. */
  timeBefore(n: number): number {
    const { arrivals, boundary, initial } = this.list;
    const { start, end } = arrivals;
    if (n === end) return this.#completeAt;
    // The look that found `n` may have found more, which comes after `n`: the time of the look before it holds.
    const first = arrivals.firstSince(arrivals.timeOf(n));
    if (first <= start) return Math.min(timeOf(boundary), arrivals.timeOf(start) - 1);
    return first === initial ? this.#begunAt : arrivals.timeOf(first - 1);
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
    // Not the look that is running: it may have begun before a log became visible. If it fails, its own caller gets the
    // error.
    this.#next ??= this.#looking.catch(() => {}).then(() => this.#beginLook());
    return this.#next;
  }

  /** Lists a log that the change stream has delivered. */
  arrive(id: Hex, raw: RawDocument): void {
    if (this.#queued) {
      this.#queued.push([id, raw]);
      return;
    }
    if (this.list.isListed(id)) return;
    const time = this.list.timeOfNext(this.#context.timing.now());
    this.#add(id, raw, time, false);
    this.notify();
  }

  /** Call it when the change stream has delivered everything that was visible at `time`. */
  completeUntil(time: number): void {
    if (this.#queued || time <= this.#lateCompleteAt) return;
    this.#completeAt = Math.max(this.#completeAt, time);
    this.#lateCompleteAt = time;
    this.#forget();
  }

  /**
   * Adds a loss if the newest listed log is no longer stored: logs after it may have been deleted before they were
   * found.
   */
  async checkLoss(): Promise<void> {
    const { arrivals } = this.list;
    const { start, end } = arrivals;
    if (end === start || this.list.isLoss(end - 1)) return;
    if (await this.#context.collection.has(this.filter, arrivals.idOf(end - 1))) return;
    this.list.addLoss();
    this.notify();
  }

  #beginLook(): Promise<void> {
    const isLate = this.#isNextLate;
    this.#isNextLate = false;
    this.#next = undefined;
    this.#looking = this.#look(isLate);
    return this.#looking;
  }

  async #look(isLate: boolean): Promise<void> {
    const { collection, timing } = this.#context;
    const { list } = this;
    const began = timing.now();
    const settled = this.#settledFloor();
    const floor = isLate ? floorOf(this.#lateCompleteAt - timing.lateMs) : settled;
    const after = predecessorOf(floor);
    const { lookAfter } = list;
    const ids = await collection.ids(this.filter, { after: after > lookAfter ? after : lookAfter });
    const fresh = ids.filter((id) => !list.isListed(id));
    // Without listeners, the documents are fetched when they are read.
    const fetched = this.hasListeners ? fresh.slice(0, maxFetched) : [];
    const documents = await collection.documents(fetched);
    const time = list.timeOfNext(began);
    for (const [index, id] of fresh.entries()) {
      const raw = documents.get(id);
      const isDeleted = raw === undefined && index < fetched.length;
      // The change stream may have delivered it meanwhile.
      if (!isDeleted && !list.isListed(id)) this.#add(id, raw, time, id < settled);
    }
    // Even if that is earlier than before: the clock may have been set back.
    this.#completeAt = began;
    if (isLate) {
      this.#lateCompleteAt = began;
      this.#forget();
    }
    if (fresh.length > 0) this.notify();
  }

  /**
   * The lowest id that may have become visible since the last look, if none becomes visible late. Computed from the
   * time of the newest id if that is earlier: the writers' clocks may be behind.
   */
  #settledFloor(): Hex {
    const newest = this.list.newest || this.#completeAt;
    return floorOf(Math.min(this.#completeAt, newest) - this.#context.timing.settleMs);
  }

  #add(id: Hex, raw: RawDocument | undefined, time: number, isLate: boolean): void {
    const { mapper, onSkew } = this.#context;
    if (isLate) onSkew('late');
    // With a second of tolerance: the server's clock is not known more exactly.
    if (timeOf(id) > time + 1_000) onSkew('early');
    this.list.add(id, time, isLate, raw && this.hasListeners ? mapper.map(id, raw) : undefined);
  }

  #forget(): void {
    this.list.forgetBefore(this.#lateCompleteAt - this.#context.timing.lateMs);
  }
}
