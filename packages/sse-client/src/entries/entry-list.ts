import type { Entry, EntryList } from '../types.ts';

/** The entries kept, oldest first: appended at one end, trimmed at the other. */
export interface EntryLog {
  push(entry: Entry): void;
  /** Replaces all entries. */
  replace(entries: readonly Entry[]): void;
  view(): EntryList;
  /** How many of the entries are gaps. */
  gaps(): number;
}

/** @param maxEntries read at every change */
export function createEntryLog(maxEntries: () => number): EntryLog {
  let array: Entry[] = [];
  let start = 0;
  let offset = 0;
  let generation = 0;
  let gaps = 0;

  function push(entry: Entry): void {
    const max = maxEntries();
    array.push(entry);
    if (entry.kind === 'gap') gaps++;
    while (array.length - start > max) {
      if (array[start++]!.kind === 'gap') gaps--;
      offset++;
    }
    // The trimmed part is released only once it is larger than the rest, so that the cost of an event does not depend
    // on how many are kept. Views that are still held keep the old array.
    if (start > max) {
      array = array.slice(start);
      start = 0;
    }
  }

  return {
    push,
    replace(entries) {
      array = [];
      start = offset = gaps = 0;
      generation++;
      entries.forEach(push);
    },
    view: () => viewOf(array, start, offset, generation),
    gaps: () => gaps,
  };
}

/** A window on an array that is only ever appended to, so that the view never changes. */
function viewOf(array: readonly Entry[], first: number, offset: number, generation: number): EntryList {
  const length = array.length - first;
  const place = (index: number) => {
    const whole = Math.trunc(index) || 0;
    return first + Math.min(Math.max(whole < 0 ? length + whole : whole, 0), length);
  };
  const slice = (start = 0, end = length) => array.slice(place(start), place(end));
  return {
    length,
    offset,
    generation,
    at: (index) => (index >= 0 && index < length ? array[first + index] : undefined),
    slice,
    [Symbol.iterator]: () => slice().values(),
  };
}
