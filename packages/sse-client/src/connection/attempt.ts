import { callSafely } from '../listen.ts';
import { isWebAddress } from '../options.ts';
import type { ConnectionContext } from './connection.ts';
import { failed, type Outcome } from './outcome.ts';
import { readStream, type StreamHandlers } from './read-stream.ts';
import { classifyResponse } from './response.ts';

export interface AttemptHandlers extends StreamHandlers {
  /** The request is about to be sent. '' if it has no Last-Event-ID. */
  sending(lastEventId: string): void;
  /** The response is an event stream. */
  accepted(): void;
}

/** Makes one request and reads its response to the end. Never rejects. */
export async function attempt(
  { url, config, env }: ConnectionContext,
  cursor: () => string,
  signal: AbortSignal,
  on: AttemptHandlers,
): Promise<Outcome> {
  let headers: Headers;
  try {
    headers = new Headers(typeof config.headers === 'function' ? await config.headers() : config.headers);
  } catch (cause) {
    return failed('HEADERS', 'The request headers failed', { cause });
  }
  headers.set('Accept', 'text/event-stream');
  on.sending(setLastEventId(headers, cursor()));
  try {
    // Called without an object, as the global `fetch` requires.
    const { credentials, fetch = env.fetch, onResponse, temporaryStatuses } = config;
    const response = await fetch(url, { headers, credentials, cache: 'no-store', signal });
    if (onResponse) callSafely(() => onResponse(response));
    let outcome = await classifyResponse(response, temporaryStatuses, env.Date.now(), signal);
    if (!outcome) {
      on.accepted();
      outcome = await readStream(response.body!, config, signal, on);
    }
    return { ...outcome, error: { cause: response, ...outcome.error } };
  } catch (cause) {
    return config.fetch || isWebAddress(url, globalThis.location?.href)
      ? failed('NETWORK', 'The connection failed', { cause })
      : failed('URL', 'A relative URL needs a page', { cause });
  }
}

/** Longer ids, in bytes, are not sent [R24]: servers refuse large headers before the application sees the request. */
const maxIdBytes = 4_096;

/**
 * Sends the id as UTF-8 bytes: in a header, each byte is one character [R24]. Returns the id, or '' if there is none or
 * it can't be sent.
 */
function setLastEventId(headers: Headers, id: string): string {
  const bytes = new TextEncoder().encode(id);
  if (id === '' || bytes.length > maxIdBytes) return '';
  try {
    headers.set('Last-Event-ID', String.fromCharCode(...bytes));
    return id;
  } catch {
    return '';
  }
}
