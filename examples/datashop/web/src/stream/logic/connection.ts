import type { StreamSnapshot } from '@datashop/sse-client';
import { errorInWords } from './messages.ts';

export type ConnectionState = Pick<StreamSnapshot, 'status' | 'attempt' | 'retryAt' | 'lastError'>;

export interface ConnectionText {
  /** An appearance of the design system's StatusHint. */
  readonly tone: 'success' | 'warning' | 'alert' | 'info' | 'default';
  readonly text: string;
  /** What the eyes need and a screen reader would repeat every second. */
  readonly countdown: string;
}

export function connectionText({ status, attempt, retryAt, lastError }: ConnectionState, now: number): ConnectionText {
  const why = lastError === null ? '' : ` (${errorInWords(lastError)})`;
  const countdown = retryAt === null ? '' : `Retry ${attempt} in ${seconds(retryAt - now)}`;
  const say = (tone: ConnectionText['tone'], text: string, rest = '') => ({ tone, text, countdown: rest });
  switch (status) {
    case 'idle':
      return say('default', 'Disconnected');
    case 'connecting':
      return say('info', attempt > 0 ? `Connecting again${why}` : 'Connecting', attempt > 0 ? `Retry ${attempt}` : '');
    case 'connected':
      return say('success', 'Live');
    case 'stalled':
      return say('warning', 'No sign of life from the server');
    case 'waiting':
      return say('warning', `Connection lost${why}`, countdown);
    case 'refused':
      return say('warning', `Not now${why}`, countdown);
    case 'unauthorized':
      return say('alert', 'Signed out: sign in again to go on');
    case 'closed':
      return say('alert', `Ended for good${why}`);
  }
}

/** Rounded up, so that it says 1 s until it happens. */
function seconds(ms: number): string {
  return ms <= 0 ? 'a moment' : `${Math.ceil(ms / 1_000)} s`;
}

/** Whether somebody who presses the button wants it on: otherwise it says "Disconnect". */
export function isOff(status: StreamSnapshot['status']): boolean {
  return status === 'idle' || status === 'unauthorized' || status === 'closed';
}
