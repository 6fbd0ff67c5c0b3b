import { StreamCursor } from './cursor.ts';
import { isExpired, type Position } from './expired.ts';
import { floorOf, type Hex, lowest, predecessorOf, secondMs, timeOf } from './object-ids.ts';
import type { Watch, WatchContext } from './watch.ts';

/**
 * Logs of the time before are repeated in case some of them became visible late, as long as all repeats are no more
 * than this. The proxy recognises at least 1,000 repeats.
 */
const maxRepeats = 900;
/** The same where it is not known how many other repeats there are. */
const maxLateRepeats = 500;

/** Finds the places from which subscribers go on that come back to a watch. */
export class Resume {
  readonly #watch: Watch;
  readonly #context: WatchContext;

  constructor(watch: Watch, context: WatchContext) {
    this.#watch = watch;
    this.#context = context;
  }

  /** The place in front of all stored logs. */
  fromStart(): StreamCursor {
    return new StreamCursor({ watch: this.#watch, n: this.#watch.list.arrivals.start, history: lowest });
  }

  /**
   * The place for a subscriber that has received the log, and all that its process had delivered before: in the order
   * of arrival there, which may have been another one.
   *
   * @returns undefined if the log is not stored, or if its writer's clock is so far ahead that its id tells nothing
   */
  async afterLog(id: Hex): Promise<StreamCursor | undefined> {
    const { arrivals } = this.#watch.list;
    // It may have arrived at another process first.
    if (id > this.#watch.list.boundary && arrivals.find(id) === undefined) await this.#watch.look();
    const n = arrivals.find(id);
    if (n !== undefined && n >= this.#watch.list.initial) return this.#afterArrival(id, n);
    if (!(await this.#context.collection.has(this.#watch.filter, id))) return undefined;
    const isAhead = timeOf(id) > this.#context.timing.now() + secondMs;
    return isAhead ? undefined : this.afterTime(timeOf(id), id);
  }

  /**
   * The place for a subscriber that has received everything in front of a position of another process.
   *
   * @returns undefined if logs behind it may have been deleted, or if it is of the future: no process has assigned it
   * then
   */
  async afterPosition(position: Position): Promise<StreamCursor | undefined> {
    const { now, settleMs } = this.#context.timing;
    if (position.ms - settleMs - secondMs > now()) return undefined;
    return (await isExpired(this.#context, this.#watch.filter, position)) ? undefined : this.afterTime(position.ms);
  }

  /** The place in front of everything that may have become visible after `ms`. */
  async afterTime(ms: number, skip?: Hex): Promise<StreamCursor> {
    const { settleMs, lateMs, lateEveryMs } = this.#context.timing;
    const { arrivals, boundary } = this.#watch.list;
    const settled = ms - settleMs - secondMs;
    const late = settled - lateMs - lateEveryMs;
    if (floorOf(settled) > boundary) {
      const n = arrivals.firstSince(settled);
      const repeats = arrivals.firstSince(ms + secondMs) - n;
      const first = Math.max(arrivals.firstSince(late), n - Math.max(0, maxRepeats - repeats));
      return new StreamCursor({ watch: this.#watch, n: Math.min(n, first), skip });
    }
    const range = { from: floorOf(late), before: floorOf(settled) };
    const repeated = await this.#context.collection.idsBefore(this.#watch.filter, range, maxLateRepeats);
    const history = predecessorOf(repeated.at(-1) ?? floorOf(settled));
    return new StreamCursor({ watch: this.#watch, n: arrivals.start, history, skip });
  }

  /** The place in front of the log and of those that are listed before it and have a higher id. */
  fromLog(id: Hex): StreamCursor {
    const n = this.#watch.list.arrivals.find(id);
    if (n !== undefined) return new StreamCursor({ watch: this.#watch, n, earlier: this.#newerBefore(n, id) });
    return new StreamCursor({ watch: this.#watch, n: this.#watch.list.arrivals.start, history: predecessorOf(id) });
  }

  /**
   * A process that has found the log at another time than this one has delivered before it what was visible then, and
   * of what it found together with the log only lower ids. So these may be missing: what this process has found
   * together with the log or later, and before that what has a higher id.
   */
  #afterArrival(id: Hex, n: number): StreamCursor {
    const { arrivals } = this.#watch.list;
    const { lateMs, lateEveryMs } = this.#context.timing;
    const time = arrivals.timeOf(n);
    // This process has found it late. Another one may have found it when it became visible.
    const first = arrivals.firstSince(arrivals.isLate(n) ? time - lateMs - lateEveryMs - secondMs : time);
    return new StreamCursor({ watch: this.#watch, n: first, earlier: this.#newerBefore(first, id), skip: id });
  }

  /** Numbers of the arrivals in front of `n` with a higher id. They were found after the second of the id had begun. */
  #newerBefore(n: number, id: Hex): number[] {
    const { arrivals } = this.#watch.list;
    const found: number[] = [];
    for (let i = arrivals.firstSince(timeOf(id) - secondMs); i < n; i++) if (arrivals.idOf(i) > id) found.push(i);
    return found;
  }
}
