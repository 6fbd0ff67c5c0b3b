import type { EventParser } from './parser.ts';
import type { Persister } from './persister.ts';
import type { SharedTabs } from './shared-tabs.ts';

/** Options that can change while the stream exists; see {@link EventStream.setOptions}. */
export interface LiveOptions<Values extends object = Record<string, string>> {
  /** Request headers, or a function that returns them, called before every attempt. @defaultValue none */
  headers?: Record<string, string> | (() => Record<string, string> | Promise<Record<string, string>>);
  /** As for `fetch`. @defaultValue 'same-origin' */
  credentials?: RequestCredentials;
  /**
   * Makes the requests, such as a `fetch` that signs them. It must pass on `init.signal`, and must resolve before the
   * whole body has arrived.
   * @defaultValue the global `fetch`
   */
  fetch?: (url: string, init: RequestInit) => Promise<Response>;
  /**
   * Called with the status and headers of every response, before its body is read; with `tabs`, only in the tab that
   * connects. What it throws is reported as uncaught. @defaultValue none
   */
  onResponse?: (response: Pick<Response, 'status' | 'headers' | 'url' | 'redirected'>) => void;
  /**
   * Overrides which HTTP statuses are retried (true) or final (false). By default 204 is final, and 4xx except 408, 425
   * and 429.
   * @defaultValue {}
   */
  temporaryStatuses?: { readonly [status: number]: boolean };
  /**
   * Retries after which the status becomes `closed` with the code `GAVE_UP`; a stable connection starts the count
   * again, and attempts without a network don't count. `false`: no limit.
   * @defaultValue false
   */
  maxRetries?: number | false;
  /**
   * Parses the `value` of each event: `parseWith()` of `@datashop/sse-client/parse`. It is called once for each event,
   * before the event is delivered, and applies to the events from then on.
   * @defaultValue none: the value is the data
   */
  parse?: EventParser<Values>;
  /** Number of entries kept; the oldest are dropped first. @defaultValue 10_000 */
  maxEntries?: number;
  /** Size of the largest event, in characters of data; a larger one is replaced by a gap. @defaultValue 1_048_576 */
  maxEventChars?: number;
  /**
   * A connection without bytes for this long counts as dead, in milliseconds; `false` disables the check. The default
   * is three heartbeat intervals of the proxy.
   * @defaultValue 45_000
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
export interface EventStreamOptions<Values extends object = Record<string, string>> extends LiveOptions<Values> {
  /**
   * Connect when the stream is created (in React: when the component is mounted). With `persist`, the user's last
   * choice in this browser takes precedence.
   * @defaultValue false; true in React
   */
  autoConnect?: boolean;
  /** Aborting it closes the stream, with the status `closed` and the code `ABORTED`. @defaultValue none */
  signal?: AbortSignal;
  /** Id of the event after which the first connection resumes. @defaultValue '' */
  lastEventId?: string;
  /**
   * Keep events across reloads: `localPersistence()` of `@datashop/sse-client/persist`. Off by default, since logs may
   * be sensitive.
   * @defaultValue false
   */
  persist?: Persister | false;
  /**
   * Use one connection for all tabs of this origin that stream the same URL: `sharedTabs()` of
   * `@datashop/sse-client/tabs`. @defaultValue false
   */
  tabs?: SharedTabs | false;
}
