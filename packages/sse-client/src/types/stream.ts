import type { KnownEvent, KnownGap } from './entries.ts';
import type { LiveOptions } from './options.ts';
import type { StreamSnapshot } from './snapshot.ts';

/**
 * One live stream and what it has received. `Values` are the values of its events by event type, such as `{ log: Log;
 * stage: Stage }`, as the option `parse` returns them.
 */
export interface EventStream<Values extends object = Record<string, string>> {
  /** The URL as given. */
  readonly url: string;
  /** Calls `listener` after every change of the snapshot. Returns a function that unsubscribes. */
  subscribe(listener: () => void): () => void;
  /** Returns the same object until something changes. */
  getSnapshot(): StreamSnapshot<Values>;
  /**
   * Switches the stream on. If it is on already, it tries again after `unauthorized` or `closed`, and else does
   * nothing.
   */
  connect(): void;
  /** Switches the stream off and keeps what was received. */
  disconnect(): void;
  /** Connects now instead of at `retryAt`. Has no effect unless the status is `waiting` or `refused`. */
  retryNow(): void;
  /**
   * Replaces the options of {@link LiveOptions}; options that are left out get their defaults. Takes effect with the
   * next attempt; `maxEntries` with the next entry.
   *
   * @throws TypeError for a wrong option, or one that can't change
   */
  setOptions(options: LiveOptions<object>): void;
  /**
   * Inserts known events before all others, as `original`; pass the oldest first. Events that are in the list already
   * are left out. Gaps among them keep their place.
   */
  seed(
    events: readonly (KnownEvent | KnownGap)[],
    options?: {
      /** The cursor, if nothing has been received yet; otherwise it has no effect. @defaultValue the cursor stays */
      lastEventId?: string;
    },
  ): void;
  /**
   * Replaces a gap by known events; pass the oldest first. Events that are in the list already are left out. Has no
   * effect if there is no such gap.
   *
   * @returns the number of events added
   */
  fill(gapKey: number, events: readonly KnownEvent[]): number;
  /** Drops received events and gaps. Keeps original events, the cursor and the connection. */
  clear(): void;
  /** Drops everything, the cursor too, and connects again if the stream is on. */
  reset(): void;
  /** Removes what was persisted, and persists nothing more. Call at sign-out. */
  wipe(): void;
  /** Writes what is to be persisted, and releases the connection, timers, listeners and locks. It can't be reopened. */
  close(): void;
}
