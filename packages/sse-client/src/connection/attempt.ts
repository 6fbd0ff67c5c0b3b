import type { ConnectionContext } from './connection.ts';
import { failed, type Outcome } from './outcome.ts';
import { readStream, type StreamHandlers } from './read-stream.ts';
import { classifyResponse } from './response.ts';

export interface AttemptHandlers extends StreamHandlers {
  /** The request is about to leave; '' if there is no id to resume from, or none that a header can carry. */
  asking(lastEventId: string): void;
  /** The answer is an event stream. */
  answered(): void;
}

/** One request and its answer, to the end. It never rejects. */
export async function attempt(
  { url, config, env }: ConnectionContext,
  cursor: () => string,
  signal: AbortSignal,
  on: AttemptHandlers,
): Promise<Outcome> {
  let failure = 'The request headers failed';
  try {
    const headers = new Headers(typeof config.headers === 'function' ? await config.headers() : config.headers);
    failure = 'The connection failed';
    headers.set('Accept', 'text/event-stream');
    on.asking(setLastEventId(headers, cursor()));
    const { credentials } = config;
    const response = await env.fetch(url, { headers, credentials, cache: 'no-store', signal });
    const outcome = await classifyResponse(response, env.Date.now());
    if (outcome) return outcome;
    on.answered();
    return await readStream(response.body!, config.maxEventChars, on);
  } catch {
    return failed('NETWORK', failure);
  }
}

/** [spec] the id goes as UTF-8 bytes, of which a header takes each as one character. */
function setLastEventId(headers: Headers, id: string): string {
  if (!id) return '';
  try {
    headers.set('Last-Event-ID', String.fromCharCode(...new TextEncoder().encode(id)));
    return id;
  } catch {
    return '';
  }
}
