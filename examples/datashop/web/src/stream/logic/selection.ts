import { lineText } from '../../log-file.ts';
import { firstFrom, type Row, type Rows } from './row.ts';

/** Rows that the user has selected, from one row to another in either direction. */
export interface Selection {
  readonly anchor: Row;
  readonly head: Row;
}

export const isSelected = ({ place }: Row, { anchor, head }: Selection): boolean =>
  Math.min(anchor.place, head.place) <= place && place <= Math.max(anchor.place, head.place);

/** The selected lines among the visible rows (oldest first). */
export function selectedRows(rows: Rows, { anchor, head }: Selection): Row[] {
  const from = firstFrom(rows, Math.min(anchor.place, head.place));
  const to = firstFrom(rows, Math.max(anchor.place, head.place) + 1);
  return rows.slice(from, to).filter(({ line }) => line !== null);
}

/** Clean text for a ticket or a message, oldest line first whatever the order on the page. */
export const textOfRows = (rows: readonly Row[]): string => rows.map(({ line }) => lineText(line!)).join('\n');
