import { createContext, type ReactNode, useContext, useMemo } from 'react';
import { useStored } from './stored.ts';

export type TimeZone = 'local' | 'utc';

export interface Time {
  zone: TimeZone;
  setZone(zone: TimeZone): void;
  /** 2026-11-23 17:08:12.345 */
  format(ms: number): string;
  /** 17:08:12.345 */
  formatTime(ms: number): string;
  /** 2026-11-23 */
  day(ms: number): string;
  /** Mon, 23 November 2026 */
  dayText(ms: number): string;
  /** The value of a datetime-local input, to the second. */
  toInput(ms: number): string;
  /** Reads the value of a datetime-local input in the chosen zone; undefined if it is not a date. */
  fromInput(text: string): number | undefined;
}

const TimeContext = createContext<Time | undefined>(undefined);

export function TimeProvider({ children }: { children: ReactNode }) {
  const [zone, setZone] = useStored<TimeZone>('datashop.zone', 'local', ['local', 'utc']);
  const time = useMemo(() => ({ zone, setZone, ...formats(zone) }), [zone, setZone]);
  return <TimeContext.Provider value={time}>{children}</TimeContext.Provider>;
}

export function useTime(): Time {
  const time = useContext(TimeContext);
  if (!time) throw new Error('useTime needs a TimeProvider');
  return time;
}

function formats(zone: TimeZone): Omit<Time, 'zone' | 'setZone'> {
  // The format does not depend on the locale, so that lines align and times can be compared and searched.
  const iso = (ms: number) => new Date(zone === 'utc' ? ms : ms - offsetMs(ms)).toISOString();
  const dayFormat = new Intl.DateTimeFormat('en-GB', {
    ...{ weekday: 'short', day: 'numeric', month: 'long', year: 'numeric' },
    ...(zone === 'utc' && { timeZone: 'UTC' }),
  });
  return {
    day: (ms) => iso(ms).slice(0, 10),
    dayText: (ms) => dayFormat.format(ms),
    format: (ms) => iso(ms).slice(0, 23).replace('T', ' '),
    formatTime: (ms) => iso(ms).slice(11, 23),
    toInput: (ms) => iso(ms).slice(0, 19),
    fromInput: (text) => {
      const ms = Date.parse(zone === 'utc' ? `${text}Z` : text);
      return Number.isNaN(ms) ? undefined : ms;
    },
  };
}

const offsetMs = (ms: number) => new Date(ms).getTimezoneOffset() * 60_000;
