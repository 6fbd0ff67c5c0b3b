import type { StreamError } from '@datashop/sse-client';

/** Texts for the reason codes of proxy and client. Unknown codes are shown unchanged. */
const reasons: ReadonlyMap<string, string> = new Map(
  Object.entries({
    limit: 'too many open streams',
    overload: 'the server is catching up with other viewers',
    draining: 'the server is restarting',
    upstream: 'the log service does not respond',
    'upstream-broken': 'the connection to the log service was lost',
    'upstream-ended': 'the log service ended the stream',
    'upstream-idle': 'the log service went silent',
    'upstream-refused': 'the log service refused the request',
    'upstream-done': 'the log service has completed the stream',
    'upstream-answer': 'the log service sent no log stream',
    'event-too-large': 'a log was too large',
    evicted: 'this page was too slow to keep up',
    'max-duration': 'the longest connection time was reached',
    'transform-failed': 'a log could not be prepared',
    unauthorized: 'the session ended',
    internal: 'the server could not prepare the stream',
    'no-ids': 'some logs have no ids',
    'unusable-id': 'the last log has no usable id',
    'ids-restarted': 'the log service restarted its ids',
    'replay-too-long': 'the log service repeated old logs, some of which may be shown twice',
    trimmed: 'the log service no longer keeps them',
    'unknown-id': 'the server no longer knows the last log of this page',
  }),
);

export function reasonInWords(reason: string): string {
  return reasons.get(reason) ?? reason;
}

/** A short cause, to be shown in brackets. */
export function errorInWords({ code, reason, status }: StreamError): string {
  if (reason) return reasonInWords(reason);
  switch (code) {
    case 'NETWORK':
      return 'the server can’t be reached';
    case 'HEADERS':
    case 'URL':
      return 'the request could not be made';
    case 'OFFLINE':
      return 'this computer is offline';
    case 'HTTP_STATUS':
      return `the server responded with ${status ?? 'an error'}`;
    case 'NOT_EVENT_STREAM':
      return 'the server sent no event stream';
    case 'EVENT_TOO_LARGE':
      return 'a log was too large';
    case 'ENDED':
      return 'the server closed it';
    case 'STALLED':
      return 'no data from the server';
    case 'REFUSED':
      return 'the server is busy';
    case 'GAVE_UP':
      return 'too many retries failed';
    case 'ABORTED':
      return 'the page ended it';
  }
}

export function count(number: number, one: string, many = `${one}s`): string {
  return `${number.toLocaleString('en')} ${number === 1 ? one : many}`;
}
