import type { Row } from './row.ts';

/** What begins at a row, seen in the direction of the list. */
export interface Separators {
  /** The row's day is another one than that of the row above. */
  readonly isNewDay: boolean;
  /** The row's run is another one than that of the row above. */
  readonly isNewRun: boolean;
}

const none: Separators = { isNewDay: false, isNewRun: false };

/**
 * What begins at a row of the list.
 *
 * @param at returns the row at a distance from it: 0 is the row itself, -1 the row above
 * @param dayOf the name of a time's day
 */
export function separatorsOf(at: (by: number) => Row | undefined, dayOf: (ms: number) => string): Separators {
  const line = at(0)?.line;
  const above = at(-1)?.line;
  if (line == null || above == null) return none;
  const isNewDay = !isSameQuarter(line.time, above.time) && dayOf(line.time) !== dayOf(above.time);
  const isOtherRun = line.run !== above.run && line.run !== '' && above.run !== '';
  const isNewRun = isOtherRun && !isMixed(line.run, at(-2)) && !isMixed(above.run, at(1));
  return isNewDay || isNewRun ? { isNewDay, isNewRun } : none;
}

/** Where the lines of simultaneous runs alternate, no line begins a run. */
const isMixed = (run: string, other: Row | undefined) => other?.line?.run === run;

/**
 * UTC offsets are multiples of 15 minutes, so two times in one quarter hour share a day: skips formatting for most
 * rows.
 */
const isSameQuarter = (a: number, b: number) => Math.floor(a / 900_000) === Math.floor(b / 900_000);
