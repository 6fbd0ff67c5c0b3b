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
