import type { LogCursor } from '../../log-store.ts';
import { type Hex, timeOf } from './object-ids.ts';
import type { Watch } from './watch.ts';

/**
 * A place in the order of pages, which is that of ObjectIds: one ObjectId for the place of a log, two around the time
 * of a position.
 */
export class PageCursor implements LogCursor {
  /** Everything that may follow the place has a higher ObjectId. */
  readonly low: Hex;
  /** Everything that may precede the place has this ObjectId or a lower one. */
  readonly high: Hex;
  /** Everything that was visible at this time may precede the place; in milliseconds since 1970. */
  readonly ms: number;
  /** A log that precedes the place, if it is the place of a position. */
  readonly previous: Hex | undefined;

  constructor(low: Hex, high = low, ms = timeOf(high), previous?: Hex) {
    this.low = low;
    this.high = high;
    this.ms = ms;
    this.previous = previous;
  }

  equals(other: LogCursor): boolean {
    return other instanceof PageCursor && other.low === this.low && other.high === this.high;
  }

  isBefore(other: LogCursor): boolean {
    return other instanceof PageCursor && this.low < other.low;
  }

  toString(): string {
    return `page ${this.low} ${this.high}`;
  }
}

/** What a {@link StreamCursor} is made of. */
export interface StreamPlace {
  readonly watch: Watch;
  /** Number of the next arrival. */
  readonly n: number;
  /** Set while the history is read: it has been read up to this ObjectId. */
  readonly history?: Hex | undefined;
  /** Numbers of arrivals before `n` that are to be delivered first. */
  readonly earlier?: readonly number[] | undefined;
  /** ObjectId of the log that the subscriber resumed with, until it has been left out of the delivery. */
  readonly skip?: Hex | undefined;
  /** ObjectId of the log that was read last, if it is not in the list of arrivals. */
  readonly previous?: Hex | undefined;
}

/** A place in the order of arrivals at this process. */
export class StreamCursor implements LogCursor, StreamPlace {
  readonly watch: Watch;
  readonly n: number;
  readonly history: Hex | undefined;
  readonly earlier: readonly number[];
  readonly skip: Hex | undefined;
  readonly previous: Hex | undefined;
  /** ObjectId of the log directly before this place, if it is the place of a log. */
  readonly id: Hex | undefined;

  constructor({ watch, n, history, earlier = [], skip, previous }: StreamPlace, id?: Hex) {
    this.watch = watch;
    this.n = n;
    this.history = history;
    this.earlier = earlier;
    this.skip = skip;
    this.previous = previous;
    this.id = id;
  }

  equals(other: LogCursor): boolean {
    return other instanceof StreamCursor && (other === this || other.toString() === this.toString());
  }

  isBefore(other: LogCursor): boolean {
    if (!(other instanceof StreamCursor)) return false;
    // The list of this place is not continued any more: a reader there has to resume.
    if (this.watch !== other.watch) return true;
    if (this.history !== other.history) {
      return this.history !== undefined && (other.history === undefined || this.history < other.history);
    }
    return this.n === other.n ? this.earlier.length > other.earlier.length : this.n < other.n;
  }

  toString(): string {
    const { watch, n, history = '', earlier, skip = '' } = this;
    return `${watch.list.name} ${n} ${history} ${earlier.length} ${skip}`;
  }
}
