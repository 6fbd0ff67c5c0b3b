import { StreamCursor } from './cursor.ts';
import { isExpired, type Position } from './expired.ts';
import { floorOf, type Hex, lowest, predecessorOf, secondMs, timeOf } from './object-ids.ts';
import type { Watch, WatchContext } from './watch.ts';

/**
 * A resume also repeats older logs, in case some of them became visible late. Bound of all its repeats: the proxy
 * recognises at least 1,000.
 */
const maxRepeats = 900;
/** Bound of the older logs alone, where the number of the other repeats is not known. */
const maxLateRepeats = 500;

/** Determines the places from which returning subscribers of a watch continue. */
export class Resume {
  readonly #watch: Watch;
  readonly #context: WatchContext;

  constructor(watch: Watch, context: WatchContext) {
    this.#watch = watch;
    this.#context = context;
  }

  /** The place before all stored logs. */
  fromStart(): StreamCursor {
    return new StreamCursor({ watch: this.#watch, n: this.#watch.list.arrivals.start, history: lowest });
  }

  /**
   * The place for a subscriber that has received this log, and everything that the process which sent it had delivered
   * before. The order of arrival there may differ from the one here.
   *
   * @returns undefined if the log is not stored, or if its writer's clock is so far ahead that the time in its id can't
   * be used
   */
  async afterLog(id: Hex): Promise<StreamCursor | undefined> {
    const { arrivals } = this.#watch.list;
    // Another process may have found it first.
    if (id > this.#watch.list.boundary && arrivals.numberOf(id) === undefined) await this.#watch.look();
    const n = arrivals.numberOf(id);
    if (n !== undefined && n >= this.#watch.list.initial) return this.#afterArrival(id, n);
    if (!(await this.#context.collection.has(this.#watch.filter, id))) return undefined;
    const isAhead = timeOf(id) > this.#context.timing.now() + secondMs;
    return isAhead ? undefined : this.afterTime(timeOf(id), id);
  }

  /**
   * The place for a subscriber that has received everything before a position of another process.
   *
   * @returns undefined if logs after it may have been deleted, or if its time is in the future, so that no process can
   * have assigned it
   */
  async afterPosition(position: Position): Promise<StreamCursor | undefined> {
    const { now, settleMs } = this.#context.timing;
    if (position.ms - settleMs - secondMs > now()) return undefined;
    return (await isExpired(this.#context, this.#watch.filter, position)) ? undefined : this.afterTime(position.ms);
  }

  /** The place before everything that may have become visible after `ms`. */
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

  /** The place before this log, and before the logs with a higher id that are listed ahead of it. */
  fromLog(id: Hex): StreamCursor {
    const n = this.#watch.list.arrivals.numberOf(id);
    if (n !== undefined) return new StreamCursor({ watch: this.#watch, n, earlier: this.#newerBefore(n, id) });
    return new StreamCursor({ watch: this.#watch, n: this.#watch.list.arrivals.start, history: predecessorOf(id) });
  }

  /**
   * Another process may have found this log at another time. By then that process had delivered everything visible, and
   * of the same look only lower ids. The subscriber may lack these, so they are sent: what this process found in the
   * same look as the log or later, and earlier arrivals with a higher id.
   */
  #afterArrival(id: Hex, n: number): StreamCursor {
    const { arrivals } = this.#watch.list;
    const { lateMs, lateEveryMs } = this.#context.timing;
    const time = arrivals.timeOf(n);
    // If this process found it late, another one may have found it when it became visible.
    const first = arrivals.firstSince(arrivals.isLate(n) ? time - lateMs - lateEveryMs - secondMs : time);
    return new StreamCursor({ watch: this.#watch, n: first, earlier: this.#newerBefore(first, id), skip: id });
  }

  /** Numbers of the arrivals before `n` with a higher id. They were found after the second of the id had begun. */
  #newerBefore(n: number, id: Hex): number[] {
    const { arrivals } = this.#watch.list;
    const found: number[] = [];
    for (let i = arrivals.firstSince(timeOf(id) - secondMs); i < n; i++) if (arrivals.idOf(i) > id) found.push(i);
    return found;
  }
}
