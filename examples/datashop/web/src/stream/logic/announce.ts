import { count } from './messages.ts';

/** Running totals: the difference of two of them is what arrived in between. */
export interface Arrived {
  readonly lines: number;
  readonly errors: number;
}

/** Text announced to screen readers; '' if nothing arrived. */
export function announcement(before: Arrived, now: Arrived): string {
  const lines = now.lines - before.lines;
  const errors = now.errors - before.errors;
  if (lines <= 0) return '';
  return `${count(lines, 'new line')}${errors > 0 ? `, ${count(errors, 'error')}` : ''}`;
}
