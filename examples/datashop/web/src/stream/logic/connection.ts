import type { StreamSnapshot } from '@datashop/sse-client';
import { durationText } from './duration.ts';
import { errorInWords } from './messages.ts';

export type ConnectionState = Pick<
  StreamSnapshot,
  'status' | 'attempt' | 'retryAt' | 'lastError' | 'upstream' | 'since'
>;

export interface ConnectionText {
  /** An appearance of the design system's StatusHint. */
  readonly tone: 'success' | 'warning' | 'alert' | 'info' | 'default';
  readonly text: string;
  /** Changes every second, so it is hidden from screen readers. */
  readonly countdown: string;
}

/** @param polling why the lines are polled for; '' while they are streamed */
export function connectionText(
  { status, attempt, retryAt, lastError, upstream, since }: ConnectionState,
  now: number,
  polling = '',
): ConnectionText {
  const why = lastError === null ? '' : ` (${errorInWords(lastError)})`;
  const result = (tone: ConnectionText['tone'], text: string, rest = '') => ({ tone, text, countdown: rest });
  switch (status) {
    case 'idle':
      return result('default', 'Disconnected');
    case 'connecting':
      return attempt > 0
        ? result('info', `Reconnecting${why}`, attempt > 1 ? `attempt ${attempt}` : '')
        : result('info', 'Connecting');
    case 'connected':
      return polling === ''
        ? result('success', 'Live')
        : result('warning', 'New lines every few seconds', `no live stream: ${polling}`);
    case 'waiting-upstream':
      return result('warning', absenceText(upstream), `for ${durationText(now - (since ?? now))}`);
    case 'stalled':
      return result('warning', 'No data from the server');
    case 'waiting':
      return result('warning', `Connection lost${why}`, countdownText(retryAt, now));
    case 'refused':
      return result('warning', `No live lines for now${why}`, countdownText(retryAt, now));
    case 'unauthorized':
      return result('alert', 'Signed out: sign in again to continue');
    case 'closed':
      return result('alert', `The server ended the stream${why}`);
  }
}

export function absenceText(upstream: StreamSnapshot['upstream']): string {
  switch (upstream) {
    case 'silent':
      return 'Log service silent';
    case 'lost':
      return 'Log service lost, reconnecting';
    default:
      return 'Waiting for the log service';
  }
}

/** The page's own waits are shorter, in milliseconds. */
const maxOwnWaitMs = 10_000;

/** Rounded up, so that it shows 1 s until the attempt. A long wait is the server's wish. */
export function countdownText(retryAt: number | null, now: number): string {
  if (retryAt === null) return '';
  const ms = retryAt - now;
  if (ms <= 0) return 'Reconnecting in a moment';
  const asked = ms > maxOwnWaitMs ? ' (the server asked for it)' : '';
  return `Reconnecting in ${durationText(Math.ceil(ms / 1_000) * 1_000)}${asked}`;
}

/** Younger lines are not overdue, in milliseconds. */
const overdueMs = 10_000;

/** "nothing for 40 s", or '' while the last line is recent. */
export function ageText(lastLineAt: number, now: number): string {
  const ageMs = now - lastLineAt;
  return ageMs < overdueMs ? '' : `nothing for ${durationText(ageMs)}`;
}

/** True if the stream is off and does not come back by itself: the page then offers Connect. */
export function isOff(status: StreamSnapshot['status']): boolean {
  return status === 'idle' || status === 'unauthorized' || status === 'closed';
}
