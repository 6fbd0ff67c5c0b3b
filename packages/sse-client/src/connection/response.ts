import { retryAfterMs } from './backoff.ts';
import { failed, type Outcome, shortText, statusAfter, type TemporaryStatuses } from './outcome.ts';
import { readText } from './read-text.ts';

/** A longer problem document is not read to its end. */
const maxProblemChars = 8_192;

/**
 * Returns undefined if the response is an event stream, and otherwise the outcome. The caller aborts the request, and
 * with it the rest of the body.
 */
export async function classifyResponse(
  response: Response,
  temporary: TemporaryStatuses,
  now: number,
  signal: AbortSignal,
): Promise<Outcome | undefined> {
  const { status, headers, redirected } = response;
  const type = headers.get('content-type') ?? '';
  if (status === 200) {
    // [R1] Parameters and case don't count.
    if (/^text\/event-stream *(;|$)/i.test(type)) return undefined;
    const signIn = redirected ? ': signed out?' : '';
    return failed('NOT_EVENT_STREAM', `The response is not an event stream${signIn}`, { status });
  }
  const reason = /[/+]json\b/i.test(type) ? await problem(response, signal) : undefined;
  const then = { status: statusAfter(status, temporary), notBeforeMs: retryAfterMs(headers.get('retry-after'), now) };
  return failed('HTTP_STATUS', `The server returned ${status}`, { status, reason }, then);
}

/** The title or detail of a problem document (RFC 9457). */
async function problem({ body }: Response, signal: AbortSignal): Promise<string | undefined> {
  let text = '';
  try {
    for await (const chunk of readText(body!, signal)) {
      text += chunk;
      if (text.length > maxProblemChars) break;
    }
    const { title, detail } = JSON.parse(text);
    return shortText(title) ?? shortText(detail);
  } catch {
    // The reason is optional: without a readable document the status is reported alone.
    return undefined;
  }
}
