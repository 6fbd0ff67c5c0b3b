import { StatusHint } from '@innovaccer/design-system';
import type { ApiError } from '../../api-error.ts';
import type { LoadState } from '../../retrying-load.ts';
import { type ConnectionText, connectionText, countdownText, isOff } from '../logic/connection.ts';
import { useStream, useViewState } from '../state/context.tsx';
import { useNow } from '../state/use-now.ts';

/**
 * What the connection does, the reason, and the time of the next attempt. Renders every second, so it is on its own.
 */
export function ConnectionStatus() {
  const state = useStream('status', 'attempt', 'retryAt', 'lastError', 'upstream', 'since');
  const { firstLoad, polling } = useViewState();
  const now = useNow(state.retryAt !== null || state.since !== null || firstLoad.kind === 'waiting');
  const loadText = isOff(state.status) ? firstLoadText(firstLoad, now) : null;
  const { tone, text, countdown } = loadText ?? connectionText(state, now, polling);
  return (
    <>
      <StatusHint appearance={tone}>{text}</StatusHint>
      {countdown && <span className="Stream-countdown">{countdown}</span>}
    </>
  );
}

/** The newest stored logs are loaded before the stream connects. */
function firstLoadText(load: LoadState, now: number): ConnectionText | null {
  switch (load.kind) {
    case 'loading': {
      if (load.error === null) return { tone: 'info', text: 'Loading the newest logs', countdown: '' };
      const countdown = load.attempt > 1 ? `attempt ${load.attempt}` : '';
      return { tone: 'info', text: `Loading the newest logs${causeOf(load.error)}`, countdown };
    }
    case 'waiting': {
      const countdown = countdownText(load.retryAt, now);
      return { tone: 'warning', text: `Logs not loaded${causeOf(load.error)}`, countdown };
    }
    default:
      return null;
  }
}

function causeOf({ status }: ApiError): string {
  return status === 0 ? ' (the server can’t be reached)' : ` (the server responded with ${status})`;
}
