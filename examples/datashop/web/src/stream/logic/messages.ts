import type { StreamError } from '@datashop/sse-client';

/** Texts for the reason codes of proxy and client. Unknown codes are shown unchanged. */
const reasons: Record<string, string> = {
  limit: 'too many open streams',
  overload: 'the server is catching up with other viewers',
  draining: 'the server is restarting',
  upstream: 'the log service does not answer',
  'upstream-broken': 'the log service broke off',
  'upstream-ended': 'the log service ended the stream',
  'upstream-idle': 'the log service fell silent',
  'upstream-refused': 'the log service refused',
  'upstream-done': 'the log service has nothing more to send',
  'upstream-answer': 'the log service sent something else than logs',
  'event-too-large': 'a log was too large',
  evicted: 'this page was too slow to keep up',
  'max-duration': 'the connection was open for long enough',
  'transform-failed': 'a log could not be prepared',
  unauthorized: 'the session ended',
  internal: 'the server could not prepare the stream',
  'no-ids': 'the logs came without numbers',
  'unusable-id': 'the last log had no usable number',
  'ids-restarted': 'the log service started its numbers anew',
  trimmed: 'the log service no longer keeps them',
  'unknown-id': 'the server no longer knows where this page stopped',
};

export function reasonInWords(reason: string): string {
  return reasons[reason] ?? reason;
}

/** A short cause, to be shown in brackets. */
export function errorInWords({ code, reason, status }: StreamError): string {
  if (reason) return reasonInWords(reason);
  switch (code) {
    case 'NETWORK':
      return 'network';
    case 'OFFLINE':
      return 'this computer is offline';
    case 'HTTP_STATUS':
      return `the server answered ${status ?? 'with an error'}`;
    case 'NOT_EVENT_STREAM':
      return 'the server answered with something else';
    case 'EVENT_TOO_LARGE':
      return 'a log was too large';
    case 'ENDED':
      return 'the server ended it';
    case 'STALLED':
      return 'no sign of life';
    case 'REFUSED':
      return 'the server is busy';
  }
}

export function count(number: number, one: string, many = `${one}s`): string {
  return `${number.toLocaleString('en')} ${number === 1 ? one : many}`;
}
