/**
 * What the stream is doing. Only `idle` (switched off), `unauthorized` and `closed` don't come back by themselves.
 *
 * - `idle`: switched off, by `disconnect()` or because nothing has switched it on yet
 * - `connecting`: a request is on its way
 * - `connected`: the response is here and bytes have come lately
 * - `stalled`: connected, but no byte (heartbeats count) for longer than `watchdogMs`: it is about to reconnect
 * - `waiting`: the connection was lost; the next attempt is at `retryAt`
 * - `refused`: the server said "not now", with a reason; the next attempt is at `retryAt`
 * - `unauthorized`: 401 or 403. `connect()` tries again, after a sign-in for instance
 * - `closed`: the server said "never" (204, 404, another final 4xx). `connect()` tries again
 */
export type StreamStatus =
  | 'idle'
  | 'connecting'
  | 'connected'
  | 'stalled'
  | 'waiting'
  | 'refused'
  | 'unauthorized'
  | 'closed';

/** Stable; never shown to users as it is. */
export type StreamErrorCode =
  | 'NETWORK'
  | 'HTTP_STATUS'
  | 'NOT_EVENT_STREAM'
  | 'EVENT_TOO_LARGE'
  | 'ENDED'
  | 'STALLED'
  | 'REFUSED'
  | 'OFFLINE';

/** Why the last connection failed or ended. Stays until the next one does, or until `connect()` or `reset()`. */
export interface StreamError {
  readonly code: StreamErrorCode;
  /** A sentence for people, without secrets. */
  readonly message: string;
  /** The HTTP status, where there was an answer. */
  readonly status?: number;
  /** The server's own reason: of a refusal, of an announced end, or a problem+json `title` or `detail`. */
  readonly reason?: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** An event in the list. */
export interface EventEntry {
  readonly kind: 'event';
  /** Unique in this store and stable while the entry is kept: a React key. */
  readonly key: number;
  /** The event's own id, or '' if it came without one. */
  readonly id: string;
  /** The event's type, `message` unless it named one. */
  readonly event: string;
  readonly data: string;
  /** Milliseconds since 1970: when this browser got it. */
  readonly receivedAt: number;
  /** `original`: given by `seed()`; `new`: came over the stream or filled a gap. */
  readonly origin: 'original' | 'new';
}

/** Where continuity was lost. */
export interface GapEntry {
  readonly kind: 'gap';
  readonly key: number;
  /** The proxy's reason, or `no-ids` where this client reconnected without an id to resume from. */
  readonly reason: string;
  /** Milliseconds since 1970. */
  readonly from: number;
  readonly to: number;
  /** Id of the last event before the gap, '' if unknown: where a REST cursor can begin. */
  readonly afterId: string;
}

export type Entry = EventEntry | GapEntry;

/**
 * An immutable view of the entries, oldest first. It costs nothing to take, however many there are: two views share
 * their memory.
 */
export interface EntryList extends Iterable<Entry> {
  readonly length: number;
  /** The entry at this place, 0 is the oldest kept; undefined beyond the ends. */
  at(index: number): Entry | undefined;
  /** As `Array.prototype.slice`. */
  slice(start?: number, end?: number): Entry[];
  /**
   * How many entries have been trimmed from the old end since `generation` began: `offset + index` names a place for
   * good, so that whoever derives something can go on where it stopped.
   */
  readonly offset: number;
  /** Changes when the list changed anywhere but at its ends (seed, gap filled, cleared, reset): derive anew. */
  readonly generation: number;
}

/** Honest numbers: `total = original + fresh`, `kept = total - dropped`, `fresh = received - duplicates + filled`. */
export interface StreamCounts {
  /** Events that came over the stream, doubles included. */
  readonly received: number;
  /** Events in the list now. */
  readonly kept: number;
  /** Events that had to leave the list because of `maxEntries`. */
  readonly dropped: number;
  /** Events that came again and were left out. */
  readonly duplicates: number;
  /** Events that filled a gap. */
  readonly filled: number;
  /** Events given by `seed()`. */
  readonly original: number;
  /** Events that are new since then ("new" in "o original + m new"). */
  readonly fresh: number;
  readonly total: number;
  /** Gaps in the list now. */
  readonly gaps: number;
}

/** Everything to show. A new object whenever something changed; at most one a frame for events. */
export interface StreamSnapshot {
  readonly status: StreamStatus;
  /** What was done last, by `connect()` or `disconnect()`; with `persist`, also before a reload. Null: neither yet. */
  readonly enabledByUser: boolean | null;
  /** Attempts since the last stable connection: 0 while stable, 1 for the first retry. */
  readonly attempt: number;
  /** When the next attempt is made, milliseconds since 1970; null when none is planned. */
  readonly retryAt: number | null;
  readonly lastError: StreamError | null;
  /** When the present connection was made, milliseconds since 1970; null while there is none. */
  readonly connectedAt: number | null;
  /** Milliseconds since 1970; null before the first event. */
  readonly lastEventAt: number | null;
  /** Where the stream would resume. */
  readonly lastEventId: string;
  readonly entries: EntryList;
  readonly counts: StreamCounts;
  /** With `shareTabs`: who holds the connection. `alone` without it. */
  readonly role: 'standalone' | 'leader' | 'follower';
  /** `full`: the storage's quota is used up, so that what is persisted is less than what is shown, or nothing. */
  readonly persistence: 'off' | 'on' | 'full';
}

export interface PersistOptions {
  /** Whose data it is, the signed-in user's id for instance: nobody else's session ever reads it. */
  scope: string;
  /** Cap on what is written, in bytes as the browser counts them (two a character). @defaultValue 1_000_000 */
  maxBytes?: number;
  /** How long changes are gathered before they are written, in milliseconds. @defaultValue 500 */
  debounceMs?: number;
  /** @defaultValue `window.localStorage` */
  storage?: Pick<Storage, 'getItem' | 'setItem' | 'removeItem' | 'key' | 'length'>;
}

export interface EventStreamOptions {
  /**
   * Connect when made (in React: when mounted). With `persist`, what the user did last in this browser wins: a stream
   * that was on comes back on, one that was switched off stays off. @defaultValue false; true in React
   */
  autoConnect?: boolean;
  /** Request headers, or a function asked before every attempt. @defaultValue none */
  headers?: Record<string, string> | (() => Record<string, string> | Promise<Record<string, string>>);
  /** @defaultValue 'same-origin' */
  credentials?: RequestCredentials;
  /** Resume after this event at the first connection. @defaultValue '' */
  lastEventId?: string;
  /** Entries kept; the oldest leave first. @defaultValue 10_000 */
  maxEntries?: number;
  /** Largest event, in characters. @defaultValue 1_048_576 */
  maxEventChars?: number;
  /** No bytes for so long means the connection is dead; false: never. @defaultValue 45_000, three heartbeats */
  watchdogMs?: number | false;
  /** Backoff: a random time up to min(minDelayMs * 2^n, maxDelayMs), in milliseconds. @defaultValue 1_000 */
  minDelayMs?: number;
  /** @defaultValue 10_000 */
  maxDelayMs?: number;
  /** How long a connection has to hold before the backoff starts over, in milliseconds. @defaultValue 60_000 */
  stableMs?: number;
  /** Keep events across reloads. Off by default: logs may be sensitive. @defaultValue false */
  persist?: PersistOptions | false;
  /**
   * One connection for all tabs of this origin that stream the same URL (Web Locks and BroadcastChannel). A string
   * sets tabs of one name apart from others: the user's id, where several can be signed in. Where a browser lacks
   * either, each tab connects by itself. @defaultValue false
   */
  shareTabs?: boolean | string;
}

/** A known event for `seed()` and `fill()`: of a REST page, for instance. */
export interface KnownEvent {
  id: string;
  /** As the stream gives it: should the stream repeat this event, it is known by its id and data. */
  data: string;
  /** @defaultValue 'message' */
  event?: string;
  /** Milliseconds since 1970. @defaultValue now */
  receivedAt?: number;
}

/** One live stream and what it has gathered. */
export interface EventStream {
  readonly url: string;
  /** Calls after every change of the snapshot. Gives the release back. */
  subscribe(listener: () => void): () => void;
  /** The same object until something changes. */
  getSnapshot(): StreamSnapshot;
  /** Switches it on. Does nothing if it is on, but for a plain retry where it had given up. */
  connect(): void;
  /** Switches it off and keeps all that was gathered. */
  disconnect(): void;
  /** Tries at once instead of at `retryAt`. Does nothing unless it is `waiting` or `refused`. */
  retryNow(): void;
  /**
   * Puts what is known already before all that has come, oldest first, each id once, as `original`; and, while nothing
   * has been received yet, where the stream is to begin.
   */
  seed(events: readonly KnownEvent[], options?: { lastEventId?: string }): void;
  /** Puts what was missed in the place of a gap, each id once. @returns how many were new */
  fill(gapKey: number, events: readonly KnownEvent[]): number;
  /** Drops streamed events and gaps. Original ones, the cursor and the connection stay. */
  clear(): void;
  /** Starts over: drops everything, the cursor too, and connects anew if it was on. */
  reset(): void;
  /** Removes what was persisted, and persists no more. For the sign-out. */
  wipe(): void;
  /** Gives everything back: connection, timers, listeners, locks. Writes what is to be persisted. It can't be reopened. */
  close(): void;
}
