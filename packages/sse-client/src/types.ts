/**
 * What the stream is doing. Only `idle`, `unauthorized` and `closed` are left by `connect()` alone.
 *
 * - `idle`: switched off by `disconnect()`, or not switched on yet
 * - `connecting`: a request has been sent and not been answered
 * - `connected`: the response is here, and bytes have arrived lately
 * - `waiting-upstream`: connected to the proxy, which has no connection to its upstream, or a silent one, since `since`
 * - `stalled`: connected, but no byte (heartbeats count) for longer than `watchdogMs`: about to reconnect
 * - `waiting`: the connection was lost; the next attempt is at `retryAt`
 * - `refused`: the server refused with "not now" and a reason; the next attempt is at `retryAt`
 * - `unauthorized`: 401 or 403
 * - `closed`: a final response: 204, or a 4xx that is not worth a retry
 */
export type StreamStatus =
  | 'idle'
  | 'connecting'
  | 'connected'
  | 'waiting-upstream'
  | 'stalled'
  | 'waiting'
  | 'refused'
  | 'unauthorized'
  | 'closed';

/**
 * State of the proxy's upstream while it delivers nothing: `connecting` for the first time, `lost`, or `silent` for longer
 * than its heartbeats explain.
 */
export type UpstreamState = 'connecting' | 'lost' | 'silent';

/**
 * Stable identifiers of errors, not meant to be shown.
 *
 * - `HEADERS`: the `headers` function failed, or did not return header values
 * - `URL`: the URL is relative and there is no page
 * - `NETWORK`: the request failed, or the connection broke
 * - `OFFLINE`: the same while the device reports that it is offline
 * - `HTTP_STATUS`: a response with another status than 200
 * - `NOT_EVENT_STREAM`: a 200 with another type
 * - `EVENT_TOO_LARGE`: an event of more than 64 times `maxEventChars` that did not end
 * - `ENDED`: the server ended the stream
 * - `STALLED`: no byte for `watchdogMs`
 * - `REFUSED`: the proxy's refusal
 */
export type StreamErrorCode =
  | 'HEADERS'
  | 'URL'
  | 'NETWORK'
  | 'OFFLINE'
  | 'HTTP_STATUS'
  | 'NOT_EVENT_STREAM'
  | 'EVENT_TOO_LARGE'
  | 'ENDED'
  | 'STALLED'
  | 'REFUSED';

/** Why the last connection failed or ended. */
export interface StreamError {
  readonly code: StreamErrorCode;
  /** An English sentence without secrets. */
  readonly message: string;
  /** The HTTP status, if there was a response or the refusal names one. */
  readonly status?: number;
  /** The server's reason: of a refusal, of an announced end, or the `title` or `detail` of a problem document. */
  readonly reason?: string;
  /** What was thrown; with `shareTabs` its text. It may contain secrets. */
  readonly cause?: unknown;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** An event in the list. */
export interface EventEntry {
  readonly kind: 'event';
  /** Unique in this store and stable while the entry is kept: usable as a React key. */
  readonly key: number;
  /** The event's own id, or '' if it has none. Distinct events may have the same id. */
  readonly id: string;
  /** The event's type; `message` if it has none. */
  readonly event: string;
  readonly data: string;
  /** When this browser received it, in milliseconds since 1970. */
  readonly receivedAt: number;
  /** `original`: added by `seed()`. `new`: received over the stream, or added by `fill()`. */
  readonly origin: 'original' | 'new';
}

/** A place in the list where continuity was lost. */
export interface GapEntry {
  readonly kind: 'gap';
  /** As for events. */
  readonly key: number;
  /**
   * The proxy's reason, or one of the client's:
   *
   * - `no-ids`: it reconnected without an id to resume from, or the last event had none: later ones may be missing, and
   *   events without an id may be in the list twice
   * - `event-too-large`: an event larger than `maxEventChars` was discarded; its id is in `id`, if it had one
   * - `ids-restarted`: the server may have restarted its numbering: after a resume it sent an id before the cursor that is new, or
   *   known with other data
   * - `replay-too-long`: the server repeated more than the client remembers; events before this gap may be in the list
   *   twice
   * - `unknown-id`: a tab could not be caught up with the tab that holds the connection
   * - `reader-too-slow`: an async iterator dropped entries, which only happens with `shareTabs`
   */
  readonly reason: string;
  /** Milliseconds since 1970. */
  readonly from: number;
  /** Milliseconds since 1970. */
  readonly to: number;
  /** Id of the last event before the gap, where a REST cursor can begin; '' if unknown. */
  readonly afterId: string;
  /** Id of the missing event, where it is one and its id is known. */
  readonly id?: string | undefined;
}

/** An entry of the list. */
export type Entry = EventEntry | GapEntry;

/** An immutable view of the entries, oldest first. Taking a view copies nothing, however many entries there are. */
export interface EntryList extends Iterable<Entry> {
  /** The number of entries. */
  readonly length: number;
  /** Returns the entry at this place, 0 being the oldest kept; undefined outside of the list. */
  at(index: number): Entry | undefined;
  /** As `Array.prototype.slice`. */
  slice(start?: number, end?: number): Entry[];
  /**
   * How many entries have been trimmed from the old end since `generation` began. `offset + index` is a stable position:
   * code that derives something from the list can continue where it stopped.
   */
  readonly offset: number;
  /** Changes when the list changes anywhere but at its ends (seed, fill, clear, reset): derive again from the start. */
  readonly generation: number;
}

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
  /** Events that are new since then: m in "o original + m new". */
  readonly fresh: number;
  /** Events in all. */
  readonly total: number;
  /** Gaps in the list. */
  readonly gaps: number;
}

/** The state to render. A new frozen object after every change; for events, at most one a frame. */
export interface StreamSnapshot {
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
  /** When the present connection opened, in milliseconds since 1970; null without one. */
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
  readonly entries: EntryList;
  readonly counts: StreamCounts;
  /** With `shareTabs`, whether this tab holds the connection (`leader`) or another one does; else `standalone`. */
  readonly role: 'standalone' | 'leader' | 'follower';
  /** `full`: the storage's quota is exhausted, so that less is persisted than shown, or nothing. */
  readonly persistence: 'off' | 'on' | 'full';
}

/** How events are kept across reloads. */
export interface PersistOptions {
  /** Whose data it is, such as the id of the signed-in user. Sessions with another scope never read it. */
  scope: string;
  /** Upper bound for what is written, in bytes as the browser counts them: two a character. @defaultValue 1_000_000 */
  maxBytes?: number;
  /** How long changes are collected before they are written, in milliseconds. @defaultValue 500 */
  debounceMs?: number;
  /** @defaultValue `window.localStorage` */
  storage?: Pick<Storage, 'getItem' | 'setItem' | 'removeItem' | 'key' | 'length'>;
}

/** Options that can change while the stream exists; see {@link EventStream.setOptions}. */
export interface LiveOptions {
  /** Request headers, or a function that returns them, called before every attempt. @defaultValue none */
  headers?: Record<string, string> | (() => Record<string, string> | Promise<Record<string, string>>);
  /** As for `fetch`. @defaultValue 'same-origin' */
  credentials?: RequestCredentials;
  /** Number of entries kept; the oldest are dropped first. @defaultValue 10_000 */
  maxEntries?: number;
  /** Size of the largest event, in characters of data; a larger one is replaced by a gap. @defaultValue 1_048_576 */
  maxEventChars?: number;
  /**
   * A connection without bytes for this long counts as dead, in milliseconds; `false` disables that. The default is three
   * heartbeats of the proxy. @defaultValue 45_000
   */
  watchdogMs?: number | false;
  /** Backoff: a random time up to min(minDelayMs * 2^n, maxDelayMs), in milliseconds. @defaultValue 1_000 */
  minDelayMs?: number;
  /** Upper bound of the backoff, in milliseconds. @defaultValue 10_000 */
  maxDelayMs?: number;
  /** How long a connection has to last before the backoff starts again, in milliseconds. @defaultValue 60_000 */
  stableMs?: number;
}

/** Options of a stream. An option that is undefined counts as left out. */
export interface EventStreamOptions extends LiveOptions {
  /**
   * Connect when the stream is made (in React: when the component is mounted). With `persist`, the user's last choice in
   * this browser takes precedence. @defaultValue false; true in React
   */
  autoConnect?: boolean;
  /** The first connection resumes after this event. @defaultValue '' */
  lastEventId?: string;
  /** Keep events across reloads. Off by default, since logs may be sensitive. @defaultValue false */
  persist?: PersistOptions | false;
  /**
   * Use one connection for all tabs of this origin that stream the same URL (Web Locks and BroadcastChannel). Tabs with
   * different strings share nothing: pass the user's id where several users can be signed in. Without browser support
   * each tab connects by itself. @defaultValue false
   */
  shareTabs?: boolean | string;
}

/** An event that is known from elsewhere, such as a REST page. Give it the id, type and data that it has in the stream. */
export interface KnownEvent {
  /** '' if it has none: then it can't be recognised in the stream. */
  id: string;
  data: string;
  /** The event's type. @defaultValue 'message' */
  event?: string;
  /** Milliseconds since 1970. @defaultValue now */
  receivedAt?: number;
}

/**
 * One live stream and what it has received. Iterating over it (`for await`) yields every entry that is added from then on,
 * gaps included, until `close()`; while the loop is behind, the stream is not read further. With `shareTabs` there is no
 * such back pressure: more than max(`maxEntries`, 10 000) waiting entries are replaced by a gap.
 */
export interface EventStream extends AsyncIterable<Entry, undefined> {
  /** The URL as given. */
  readonly url: string;
  /** Calls `listener` after every change of the snapshot. Returns a function that unsubscribes. */
  subscribe(listener: () => void): () => void;
  /** Returns the same object until something changes. */
  getSnapshot(): StreamSnapshot;
  /**
   * Calls `listener` with the events that the stream receives from now on: each one once, in order, in batches, whether or
   * not they are still kept. Duplicates and what `seed()` and `fill()` add are left out. Gaps are passed to `onGap`, in
   * order with the events. An error that a listener throws is reported as uncaught. Returns a function that unsubscribes.
   */
  onEvents(listener: (batch: readonly EventEntry[]) => void, onGap?: (gap: GapEntry) => void): () => void;
  /** Switches the stream on. If it is on, has an effect only after `unauthorized` or `closed`: it tries again. */
  connect(): void;
  /** Switches the stream off and keeps what was received. */
  disconnect(): void;
  /** Connects now instead of at `retryAt`. Has no effect unless the status is `waiting` or `refused`. */
  retryNow(): void;
  /**
   * Replaces the options of {@link LiveOptions}; those left out get their defaults. Takes effect with the next attempt,
   * `maxEntries` with the next entry.
   *
   * @throws TypeError for a wrong or another option
   */
  setOptions(options: LiveOptions): void;
  /**
   * Inserts known events, oldest first, before all others, as `original`; those that are in the list already are left out.
   * `lastEventId` sets the cursor if nothing has been received yet.
   */
  seed(events: readonly KnownEvent[], options?: { lastEventId?: string }): void;
  /**
   * Replaces a gap by known events, oldest first; those that are in the list already are left out. Has no effect if there
   * is no such gap.
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
