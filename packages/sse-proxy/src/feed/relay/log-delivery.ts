import type { RelayContent, RelayEntry, RelayLog, RelayPosition } from '../../types.ts';
import type { Place } from './merge-search.ts';

/** Receives what a {@link LogDelivery} delivers. Each call may pause or close the receiver. */
export interface LogReceiver {
  /** False while nothing may be delivered. */
  readonly canReceive: boolean;
  onRest(content: RelayContent): void;
  /** An entry after {@link LogDelivery.position}. Sets that position if the entry continues what was received. */
  onEntry(entry: RelayEntry): void;
}

/** Delivers a log from a place on, and stops while its receiver can't receive. */
export class LogDelivery {
  readonly #log: RelayLog;
  readonly #receiver: LogReceiver;
  /** The last entry that was received, or that delivery begins after. */
  position: RelayPosition = '';
  /** The rest of the entry at that position, which is still to be delivered. */
  #rest: RelayContent | undefined;
  #isDelivering = false;

  constructor(log: RelayLog, receiver: LogReceiver) {
    this.#log = log;
    this.#receiver = receiver;
  }

  /** Sets where delivery continues with the next `flow()`. */
  moveTo({ position, rest }: Place): void {
    this.position = position;
    this.#rest = rest;
  }

  /** Continues or stops delivery, as {@link LogReceiver.canReceive} demands. */
  flow(): void {
    // Entries that are being delivered must not be delivered again.
    if (this.#isDelivering) return;
    if (!this.#receiver.canReceive) return this.#log.unfollow();
    const rest = this.#rest;
    this.#rest = undefined;
    if (rest) this.#receiver.onRest(rest);
    if (this.#receiver.canReceive) this.#log.follow(this.position);
  }

  /**
   * Passes on entries that the log has delivered. False if the receiver has not accepted all, or can't receive more.
   */
  deliver(entries: readonly RelayEntry[]): boolean {
    this.#isDelivering = true;
    for (const entry of entries) {
      this.#receiver.onEntry(entry);
      if (!this.#receiver.canReceive) break;
    }
    this.#isDelivering = false;
    return this.#receiver.canReceive && this.position === entries.at(-1)?.position;
  }

  /** Stops delivery and drops what is left of an entry. */
  stop(): void {
    this.#rest = undefined;
    this.#log.unfollow();
  }
}
