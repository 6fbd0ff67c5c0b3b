import { firstFrom, type Row } from './row.ts';

/** Whether the list follows the newest line or stays at a position. */
export type Follow =
  | { readonly following: true }
  /** `newest`: the newest visible row when the list was paused, null if it was empty. */
  | { readonly following: false; readonly newest: Row | null };

export interface Unread {
  readonly lines: number;
  readonly errors: number;
}

/** A scroll position this near to an end counts as the end, because browsers round it. */
export const edgePx = 4;

export const followNewest: Follow = { following: true };

export function pause(follow: Follow, rows: readonly Row[]): Follow {
  return follow.following ? { following: false, newest: rows.at(-1) ?? null } : follow;
}

/** Number of visible lines that arrived since the list was paused. */
export function unread(follow: Follow, rows: readonly Row[]): Unread {
  if (follow.following) return { lines: 0, errors: 0 };
  let lines = 0;
  let errors = 0;
  for (
    let index = follow.newest === null ? 0 : firstFrom(rows, follow.newest.place + 1);
    index < rows.length;
    index++
  ) {
    const { line } = rows[index]!;
    if (line === null) continue;
    lines += 1;
    if (line.group === 'ERROR') errors += 1;
  }
  return { lines, errors };
}

export function unreadText({ lines, errors }: Unread): string {
  if (lines === 0) return 'Go to the newest';
  const count = (number: number) => number.toLocaleString('en');
  return `${count(lines)} new${errors === 0 ? '' : `, ${count(errors)} ${errors === 1 ? 'error' : 'errors'}`}`;
}
