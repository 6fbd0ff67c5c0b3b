import type { EntryList } from './entries.ts';
import type { StreamError, StreamStatus, UpstreamState } from './status.ts';

/** Counters. `total = original + fresh`, `kept = total - dropped`, `fresh = received - duplicates + filled`. */
export interface StreamCounts {
  /** Events received over the stream, duplicates included. */
  readonly received: number;
  /** Events in the list. */
  readonly kept: number;
  /** Events that were trimmed from the list because of `maxEntries`. */
  readonly dropped: number;
  /** Events that the server repeated and that were left out. */
  readonly duplicates: number;
  /** Events that were added by `fill()`. */
  readonly filled: number;
  /** Events that were added by `seed()`. */
  readonly original: number;
  /** Events that are not original: m in "o original + m new". */
  readonly fresh: number;
  /** Events in all. */
  readonly total: number;
  /** Gaps in the list. */
  readonly gaps: number;
}

/** The state to render. A new frozen object after every change; for events, at most one a frame. */
export interface StreamSnapshot<Values extends object = Record<string, string>> {
  /** What the stream is doing. */
  readonly status: StreamStatus;
  /**
   * The user's last choice: true after `connect()`, false after `disconnect()`, null before either. Restored by
   * `persist`.
   */
  readonly enabledByUser: boolean | null;
  /** Attempts since the last stable connection: 0 while stable, 1 for the first retry. */
  readonly attempt: number;
  /** When the next attempt is made, in milliseconds since 1970; null if none is planned. */
  readonly retryAt: number | null;
  /** The last error; it stays until the next one, `connect()` or `reset()`. Null if there was none. */
  readonly lastError: StreamError | null;
  /** When the current connection opened, in milliseconds since 1970; null without one. */
  readonly connectedAt: number | null;
  /** Why the proxy's upstream delivers nothing; null if the proxy has not reported it. */
  readonly upstream: UpstreamState | null;
  /** Since when the upstream has been in that state, in milliseconds since 1970; null if `upstream` is. */
  readonly since: number | null;
  /** When the last event was received, in milliseconds since 1970; null before the first one. */
  readonly lastEventAt: number | null;
  /** The id after which the stream would resume; '' if there is none. */
  readonly lastEventId: string;
  /** The entries kept. */
  readonly entries: EntryList<Values>;
  /** Counts of events, by origin and fate. */
  readonly counts: StreamCounts;
  /** With `tabs`, whether this tab holds the connection (`leader`) or another one does; else `standalone`. */
  readonly role: 'standalone' | 'leader' | 'follower';
  /** `full`: the storage's quota is exhausted, so that less is persisted than shown, or nothing. */
  readonly persistence: 'off' | 'on' | 'full';
}
