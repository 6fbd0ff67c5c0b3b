import { retryAfterMs } from './backoff.ts';
import { failed, type Outcome, shortText } from './outcome.ts';

const maxProblemBytes = 8_192;
/** [RFC 9110] what a client may try again. */
const temporary4xx = [408, 425, 429];

/**
 * What an answer means that is no event stream; undefined if it is one. Whoever made the request aborts it, and with it
 * what has not been read.
 */
export async function judgeAnswer(response: Response, now: number): Promise<Outcome | undefined> {
  const { status } = response;
  const type = mediaType(response);
  if (status === 200 && type === 'text/event-stream' && response.body) return undefined;
  if (status === 200) {
    const where = response.redirected ? ' after a redirect: signed out?' : '';
    return failed('NOT_EVENT_STREAM', `The answer is not an event stream${where}`, { httpStatus: status });
  }
  const reason = await problem(response, type);
  const outcome = {
    code: 'HTTP_STATUS',
    message: `The server answered ${status}${reason ? `: ${reason}` : ''}`,
    httpStatus: status,
    reason,
  } as const;
  if (status === 401 || status === 403) return { status: 'unauthorized', ...outcome };
  if (status === 204 || (status >= 400 && status < 500 && !temporary4xx.includes(status)))
    return { status: 'closed', ...outcome };
  return { status: 'waiting', ...outcome, notBeforeMs: retryAfterMs(response.headers.get('retry-after'), now) };
}

/** The MIME essence: parameters and case don't count. */
function mediaType(response: Response): string {
  return (response.headers.get('content-type') ?? '').split(';')[0]!.trim().toLowerCase();
}

/** The title or detail of a problem document (RFC 9457), of which no more is read than such a document needs. */
async function problem(response: Response, type: string): Promise<string | undefined> {
  if (!response.body || !/^application\/(problem\+)?json$/.test(type)) return undefined;
  const reader = response.body.getReader();
  try {
    const decoder = new TextDecoder();
    let text = '';
    for (let bytes = 0; bytes <= maxProblemBytes; ) {
      const { done, value } = await reader.read();
      if (done) {
        const document = JSON.parse(text);
        return shortText(document?.title) ?? shortText(document?.detail);
      }
      bytes += value.length;
      text += decoder.decode(value, { stream: true });
    }
  } catch {
    // The status says enough.
  }
  return undefined;
}
