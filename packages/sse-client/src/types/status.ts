/**
 * What the stream is doing. `idle`, `unauthorized` and `closed` end only by `connect()`.
 *
 * - `idle`: switched off by `disconnect()`, or not switched on yet
 * - `connecting`: a request has been sent, and there is no response yet
 * - `connected`: there is a response, and bytes have arrived within `watchdogMs`
 * - `waiting-upstream`: connected to the proxy, which has no connection to its upstream, or a silent one, since `since`
 * - `stalled`: connected, but no byte, not even a heartbeat, for `watchdogMs`: about to reconnect
 * - `waiting`: the connection was lost; the next attempt is at `retryAt`
 * - `refused`: the server refused with "not now" and a reason; the next attempt is at `retryAt`
 * - `unauthorized`: 401 or 403
 * - `closed`: the client has given up for good; `lastError` has the reason: a final response (204, or a 4xx that is not
 *   retried), more retries than `maxRetries`, or an abort of `signal`
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
 * State of the proxy's upstream while it delivers nothing: `connecting` for the first time, `lost`, or `silent` for
 * longer than its heartbeats explain.
 */
export type UpstreamState = 'connecting' | 'lost' | 'silent';

/**
 * Stable identifiers of errors, not meant to be shown.
 *
 * - `HEADERS`: the `headers` function failed, or did not return header values
 * - `URL`: the URL is relative and there is no page
 * - `NETWORK`: the request failed, or the connection broke
 * - `OFFLINE`: as `NETWORK`, while the device reports that it is offline
 * - `HTTP_STATUS`: a response with another status than 200
 * - `NOT_EVENT_STREAM`: a response with status 200 and another content type
 * - `EVENT_TOO_LARGE`: an event of more than 64 times `maxEventChars` that did not end
 * - `ENDED`: the server ended the stream
 * - `STALLED`: no byte for `watchdogMs`
 * - `REFUSED`: the proxy's refusal
 * - `GAVE_UP`: more retries than `maxRetries` have failed; the cause is the last error
 * - `ABORTED`: `signal` was aborted; the cause is its reason
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
  | 'REFUSED'
  | 'GAVE_UP'
  | 'ABORTED';

/**
 * Why an event has no value. Stable identifiers, not meant to be shown.
 *
 * - `PARSE`: `parse` threw, or the data is no JSON
 * - `SCHEMA`: the schema rejected the data; the cause is the list of its issues
 * - `ASYNC_PARSE`: `parse` or the schema returned a promise
 * - `UNKNOWN_EVENT`: `parse` has no parser for events of this type
 */
export type EventErrorCode = 'PARSE' | 'SCHEMA' | 'ASYNC_PARSE' | 'UNKNOWN_EVENT';

/** Why `parse` has not returned a value for an event. */
export interface EventError {
  /** Which failure it is. */
  readonly code: EventErrorCode;
  /** An English sentence. It may contain parts of the data. */
  readonly message: string;
  /** What was thrown, or the issues of the schema. */
  readonly cause?: unknown;
}

/** Why the last connection failed or ended. */
export interface StreamError {
  /** Which failure it is. */
  readonly code: StreamErrorCode;
  /** An English sentence without secrets. */
  readonly message: string;
  /** The HTTP status, if there was a response or the refusal names one. */
  readonly status?: number;
  /** The server's reason: of a refusal, of an announced end, or the `title` or `detail` of a problem document. */
  readonly reason?: string;
  /**
   * What was thrown. Where nothing was thrown, the `Response`, so that its headers can be read. With `tabs`, a text
   * that describes it. It may contain secrets.
   */
  readonly cause?: unknown;
  /** Milliseconds since 1970. */
  readonly at: number;
}
