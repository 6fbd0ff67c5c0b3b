import type { LogView } from './log-index.ts';
import { firstFrom, type Row, type Rows } from './row.ts';

/** Whether the list follows the newest line or stays at a position. */
export type Follow =
  | { readonly following: true }
  /** `newest`: the newest visible row when the list was paused, null if it was empty. */
  | { readonly following: false; readonly newest: Row | null; readonly why: PauseReason };

/** `position`: the user scrolled, moved the focus to a line, or went to one. */
export type PauseReason = 'button' | 'opened' | 'selected' | 'position';

export interface Unread {
  readonly lines: number;
  readonly errors: number;
}

/** A scroll position this near to an end counts as the end, because browsers round it. */
export const edgePx = 4;

export const followNewest: Follow = { following: true };

/** A later reason replaces only `position`: the focus moves to a line just before the line is opened. */
export function pause(follow: Follow, rows: Rows, why: PauseReason = 'position'): Follow {
  if (follow.following) return { following: false, newest: rows.at(-1) ?? null, why };
  return follow.why !== 'position' || why === 'position' ? follow : { ...follow, why };
}

const none: Unread = { lines: 0, errors: 0 };

/** Counts the visible lines that arrived since the list was paused. Looks at each of them once. */
export class UnreadCounter {
  #unread = none;
  #follow: Follow = followNewest;
  #pass = -1;
  #last: Row | null = null;

  count(follow: Follow, { rows, shown, pass }: Pick<LogView, 'rows' | 'shown' | 'pass'>): Unread {
    if (follow.following) return none;
    if (follow !== this.#follow || pass !== this.#pass) {
      this.#unread = none;
      this.#last = follow.newest;
    }
    this.#follow = follow;
    this.#pass = pass;
    const first = this.#last === null ? 0 : firstFrom(rows, this.#last.place + 1);
    let { lines, errors } = this.#unread;
    for (let index = first; index < rows.length; index += 1) {
      const { line } = rows.at(index)!;
      if (line === null) continue;
      lines += 1;
      if (line.group === 'ERROR') errors += 1;
    }
    this.#last = rows.at(-1) ?? this.#last;
    this.#unread = { lines, errors };
    // Counted lines may have been trimmed since.
    return lines > shown.lines ? shown : this.#unread;
  }
}

const pauseTexts: Record<PauseReason, string> = {
  // The pressed button already shows this reason.
  button: '',
  opened: 'Paused because you opened a line',
  selected: 'Paused because you selected lines',
  position: 'Paused because you scrolled or went to a line',
};

/** Why the list does not follow the newest line; '' if that is plain to see. */
export function pauseText(follow: Follow): string {
  return follow.following ? '' : pauseTexts[follow.why];
}

export function unreadText({ lines, errors }: Unread): string {
  if (lines === 0) return 'Go to the newest';
  const count = (number: number) => number.toLocaleString('en');
  return `${count(lines)} new${errors === 0 ? '' : `, ${count(errors)} ${errors === 1 ? 'error' : 'errors'}`}`;
}
