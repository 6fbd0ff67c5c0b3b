import { count } from './messages.ts';

/** Everything that ever came, so that two of them tell what came in between. */
export interface Arrived {
  readonly lines: number;
  readonly errors: number;
}

/** What a screen reader is told from time to time; '' when there is nothing to tell. */
export function announcement(before: Arrived, now: Arrived): string {
  const lines = now.lines - before.lines;
  const errors = now.errors - before.errors;
  if (lines <= 0) return '';
  return `${count(lines, 'new line')}${errors > 0 ? `, ${count(errors, 'error')}` : ''}`;
}
