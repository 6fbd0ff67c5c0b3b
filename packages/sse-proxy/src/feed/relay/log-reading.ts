import type { RelayContent, RelayEntry, RelayLog, RelayPosition } from '../../types.ts';
import { type EntryListener, EntryReceiver } from './entry-receiver.ts';
import { LogDelivery, type LogReceiver } from './log-delivery.ts';
import type { Place } from './merge-search.ts';
import type { Reading } from './reading.ts';
import { readMeta } from './relay-meta.ts';
import type { CallParts, RelayTarget } from './relay-parts.ts';

/** What a {@link LogReading} needs from its call. */
export interface LogReadingListener extends EntryListener {
  /** The entries that follow don't continue those before. Call `stop()`. */
  onBreak(): void;
}

/** The feed as a reader of the log: gets the entries from a place on, while nothing holds it back. */
export class LogReading implements LogReceiver {
  readonly #delivery: LogDelivery;
  readonly #receiver: EntryReceiver;
  readonly #reading: Reading;
  readonly #listener: LogReadingListener;
  #isOn = false;
  /** True while the feed can't take anything. */
  isPaused = false;

  constructor(feed: RelayTarget, call: CallParts, log: RelayLog, reading: Reading, listener: LogReadingListener) {
    this.#delivery = new LogDelivery(log, this);
    this.#receiver = new EntryReceiver(feed, call, listener, () => this.flow());
    this.#reading = reading;
    this.#listener = listener;
  }

  /** The last entry that the feed has received, or begins behind. */
  get position(): RelayPosition {
    return this.#delivery.position;
  }

  get canReceive(): boolean {
    return this.#isOn && !this.isPaused && !this.#receiver.isChecking;
  }

  /** The feed gets the log from here on, with the next `flow()`. */
  begin(place: Place): void {
    this.#isOn = true;
    this.#delivery.moveTo(place);
  }

  stop(): void {
    this.#isOn = false;
    this.#delivery.stop();
  }

  /** Goes on, or stops, as the feed can receive. */
  flow(): void {
    if (this.#isOn) this.#delivery.flow();
  }

  /** Hands on entries that the log has delivered. */
  onEntries(entries: readonly RelayEntry[]): void {
    if (!this.#delivery.deliver(entries)) this.flow();
  }

  /** Hands on what was read for this instance alone. */
  onOwn(content: RelayContent): void {
    this.#receiver.receive(content, false);
  }

  onRest(content: RelayContent): void {
    this.#receiver.receive(content, false);
  }

  onEntry(entry: RelayEntry): void {
    const { start } = readMeta(entry.meta);
    if (start && !this.#reading.isOwnStart(entry.position)) {
      // The log was emptied, or its last entries were lost with a server: the leader has begun anew.
      if (start.tail !== this.position) return this.#listener.onBreak();
      // This instance may have led, and not know yet that it leads no longer.
      this.#reading.yield();
    }
    this.#delivery.position = entry.position;
    this.#reading.onReceived(entry.position);
    this.#receiver.receive(entry, this.#reading.isLeading);
  }
}
