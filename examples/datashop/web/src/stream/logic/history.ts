import type { StreamSnapshot } from '@datashop/sse-client';
import { absenceText } from './connection.ts';
import { errorInWords } from './messages.ts';

type State = Pick<StreamSnapshot, 'status' | 'lastError' | 'upstream'>;

/** A time in which the connection was in one state. */
export interface Period {
  /** Milliseconds since 1970; `to` is null for the present one. */
  readonly from: number;
  readonly to: number | null;
  readonly kind: 'live' | 'upstream' | 'first' | 'lost' | 'off';
  readonly text: string;
  /** The reason; '' without one. */
  readonly why: string;
}

/** The oldest periods are dropped first. */
const maxPeriods = 200;

/** What the connection has done since the page was opened. */
export class ConnectionHistory {
  /** Oldest first. A new array after each change. */
  periods: readonly Period[] = [];

  /** @returns true if a new period has begun, or the present one has got its reason */
  add(state: State, now: number): boolean {
    const next = periodOf(state);
    const last = this.periods.at(-1);
    if (last?.kind === next.kind && last.text === next.text && (next.why === '' || last.why === next.why)) return false;
    const before = last === undefined ? [] : this.periods.slice(0, -1);
    // The reason of a loss is often known only at the next attempt.
    if (last?.kind === next.kind && last.text === next.text && last.why === '') {
      this.periods = [...before, { ...last, why: next.why }];
      return true;
    }
    const ended = last === undefined ? [] : [{ ...last, to: now }];
    this.periods = [...before, ...ended, { ...next, from: now, to: null }].slice(-maxPeriods);
    return true;
  }
}

function periodOf({ status, lastError, upstream }: State): Pick<Period, 'kind' | 'text' | 'why'> {
  const why = lastError === null ? '' : errorInWords(lastError);
  switch (status) {
    case 'connected':
      return { kind: 'live', text: 'Connected', why: '' };
    case 'waiting-upstream':
      return { kind: 'upstream', text: absenceText(upstream), why: '' };
    case 'idle':
      return { kind: 'off', text: 'Disconnected', why: '' };
    case 'unauthorized':
      return { kind: 'off', text: 'Signed out', why: '' };
    case 'closed':
      return { kind: 'off', text: 'Ended by the server', why };
    case 'stalled':
      return { kind: 'lost', text: 'Not connected', why: 'no data from the server' };
    case 'connecting':
      if (lastError === null) return { kind: 'first', text: 'Connecting', why };
      return { kind: 'lost', text: 'Not connected', why };
    case 'waiting':
    case 'refused':
      return { kind: 'lost', text: 'Not connected', why };
  }
}
