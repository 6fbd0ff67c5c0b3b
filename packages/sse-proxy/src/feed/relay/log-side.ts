import type { RelayContent, RelayEntry, RelayLog, RelayPosition } from '../../types.ts';
import { type EntryListener, EntryReceiver } from './entry-receiver.ts';
import { LogDelivery, type LogReceiver } from './log-delivery.ts';
import type { Place } from './merge-search.ts';
import { readMeta } from './relay-meta.ts';
import type { CallParts, RelayTarget } from './relay-parts.ts';
import type { UpstreamSide } from './upstream-side.ts';

/** Notifications of a {@link LogSide} to its call. */
export interface LogSideListener extends EntryListener {
  /** The entries that follow don't continue those before. Call `stop()`. */
  onBreak(): void;
}

/** The log side of a `RelayCall`: delivers the log to the feed, from a place on, while the feed can receive. */
export class LogSide implements LogReceiver {
  readonly #delivery: LogDelivery;
  readonly #receiver: EntryReceiver;
  readonly #upstreamSide: UpstreamSide;
  readonly #listener: LogSideListener;
  #isOn = false;
  /** True while the feed is paused. */
  isPaused = false;

  constructor(
    feed: RelayTarget,
    call: CallParts,
    log: RelayLog,
    upstreamSide: UpstreamSide,
    listener: LogSideListener,
  ) {
    this.#delivery = new LogDelivery(log, this);
    this.#receiver = new EntryReceiver(feed, call, listener, () => this.flow());
    this.#upstreamSide = upstreamSide;
    this.#listener = listener;
  }

  /** The last entry that the feed has received; before the first, the one that it begins after. */
  get position(): RelayPosition {
    return this.#delivery.position;
  }

  get canReceive(): boolean {
    return this.#isOn && !this.isPaused && !this.#receiver.isChecking;
  }

  /** Delivers the log from `place` on, beginning with the next `flow()`. */
  begin(place: Place): void {
    this.#isOn = true;
    this.#delivery.moveTo(place);
  }

  stop(): void {
    this.#isOn = false;
    this.#delivery.stop();
  }

  /** Continues or stops delivery, as {@link canReceive} demands. */
  flow(): void {
    if (this.#isOn) this.#delivery.flow();
  }

  /** Passes on entries that the log has delivered. */
  onEntries(entries: readonly RelayEntry[]): void {
    if (!this.#delivery.deliver(entries)) this.flow();
  }

  /** Passes on what was read for this instance alone. */
  onOwn(content: RelayContent): void {
    this.#receiver.receive(content, false);
  }

  onRest(content: RelayContent): void {
    this.#receiver.receive(content, false);
  }

  onEntry(entry: RelayEntry): void {
    const { start } = readMeta(entry.meta);
    if (start && !this.#upstreamSide.isOwnStart(entry.position)) {
      // The log was emptied, or its last entries were lost with a server: the leader has restarted it.
      if (start.tail !== this.position) return this.#listener.onBreak();
      // This instance may have lost the lead without having been notified yet.
      this.#upstreamSide.yield();
    }
    this.#delivery.position = entry.position;
    this.#upstreamSide.onReceived(entry.position);
    this.#receiver.receive(entry, this.#upstreamSide.isLeading);
  }
}
