import { retryAfterMs } from './backoff.ts';
import { failed, type Outcome, shortText } from './outcome.ts';
import { readText } from './read-text.ts';

/** No more is read of a problem document than it needs. */
const maxProblemChars = 8_192;
/** [RFC 9110] what a client may try again. */
const temporary4xx = [408, 425, 429];

/**
 * What an answer means that is no event stream; undefined if it is one. Whoever made the request aborts it, and with it
 * what has not been read.
 */
export async function classifyResponse(response: Response, now: number): Promise<Outcome | undefined> {
  const { status, headers, redirected } = response;
  // Parameters and case don't count.
  const type = headers.get('content-type') ?? '';
  if (status === 200) {
    if (/^text\/event-stream *(;|$)/i.test(type)) return undefined;
    const signIn = redirected ? ': signed out?' : '';
    return failed('NOT_EVENT_STREAM', `The answer is not an event stream${signIn}`, { status });
  }
  const isFinal = status === 204 || (status >= 400 && status < 500 && !temporary4xx.includes(status));
  const reason = /[/+]json\b/i.test(type) ? await problem(response) : undefined;
  const then = {
    status: status === 401 || status === 403 ? 'unauthorized' : isFinal ? 'closed' : 'waiting',
    notBeforeMs: retryAfterMs(headers.get('retry-after'), now),
  } as const;
  return failed('HTTP_STATUS', `The server answered ${status}`, { status, reason }, then);
}

/** The title or detail of a problem document (RFC 9457). */
async function problem({ body }: Response): Promise<string | undefined> {
  let text = '';
  try {
    for await (const chunk of readText(body!)) {
      text += chunk;
      if (text.length > maxProblemChars) break;
    }
    const { title, detail } = JSON.parse(text);
    return shortText(title) ?? shortText(detail);
  } catch {
    // The status says enough.
    return undefined;
  }
}
