import type { RelayContent, RelayEntry, RelayLog, RelayPosition } from '../../types.ts';
import { OwnEntries } from './own-entries.ts';
import { metaEntry, type RelayedStart } from './relay-meta.ts';

/** Above this many bytes that the log has not stored yet, nothing is read from the upstream. */
const maxPendingBytes = 1_048_576;

/** This instance as the leader of a feed: acquires the lead, appends its start, then what it reads. */
export class Leadership {
  readonly #log: RelayLog;
  /** Set while this instance leads and has appended its start. */
  #own: OwnEntries | undefined;
  /** Position of that start. */
  #start: RelayPosition | undefined;
  #isAcquiring = false;

  constructor(log: RelayLog) {
    this.#log = log;
  }

  /** True while this instance leads and has appended its start. */
  get isActive(): boolean {
    return this.#own !== undefined;
  }

  /** True while nothing more may be read from the upstream. */
  get isFull(): boolean {
    return this.#log.pendingBytes > maxPendingBytes;
  }

  /**
   * Requests the lead if `canLead()` returns true. If it still does when the log has responded, calls `onLead` with the
   * position of the newest entry.
   *
   * @param at the expected position of the newest entry; undefined: any
   * @returns resolves with false if `onLead` was not called
   */
  async acquire(
    at: RelayPosition | undefined,
    canLead: () => boolean,
    onLead: (tail: RelayPosition) => void,
  ): Promise<boolean> {
    if (this.isActive || this.#isAcquiring || !canLead()) return false;
    this.#isAcquiring = true;
    const tail = await this.#log.lead(at).catch(() => undefined);
    this.#isAcquiring = false;
    if (tail === undefined) return false;
    if (!canLead()) {
      this.giveUp();
      return false;
    }
    onLead(tail);
    return true;
  }

  /** Gives up the lead. */
  giveUp(): void {
    this.#log.release(metaEntry({ left: true }));
  }

  /** Begins to append after `tail`. `isReset`: what follows does not continue what the log holds. */
  begin(tail: RelayPosition, start: Omit<RelayedStart, 'tail'>, isReset: boolean): void {
    this.#own = new OwnEntries(tail);
    this.#start = this.append(metaEntry({ start: { ...start, tail: isReset ? '' : tail } }), isReset);
  }

  append(content: RelayContent, isReset = false): RelayPosition {
    const position = this.#log.append(content, isReset);
    this.#own?.add(position, content);
    return position;
  }

  /** Appends a last entry and gives up the lead. Stays active until `stop()`, so that the feed receives the entry. */
  release(content: RelayContent): void {
    this.#own?.add(this.#log.release(content), content);
  }

  /** True if the entry at this position is the start of this instance. */
  isOwnStart(position: RelayPosition): boolean {
    return position === this.#start;
  }

  /** The feed has received the entry at this position from the log. */
  onReceived(position: RelayPosition): void {
    this.#own?.remove(position);
  }

  /** Stops appending. */
  stop(): void {
    this.#own = undefined;
  }

  /** What was appended after `position`; undefined if that is not available, or if this instance is not active. */
  appendedAfter(position: RelayPosition): readonly RelayEntry[] | undefined {
    return this.#own?.after(position);
  }
}
