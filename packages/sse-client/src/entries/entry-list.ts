import type { Entry, EntryList } from '../types.ts';

/** The entries kept, oldest first: appended at one end, trimmed at the other. */
export interface EntryLog {
  push(entry: Entry): void;
  /** Replaces all entries. */
  replace(entries: Entry[]): void;
  view(): EntryList;
}

/**
 * @param maxEntries read at every change
 * @param onDrop called for every entry that is trimmed, oldest first
 */
export function createEntryLog(maxEntries: () => number, onDrop: (entry: Entry) => void): EntryLog {
  let array: Entry[] = [];
  let start = 0;
  let offset = 0;
  let generation = 0;

  function trim(): void {
    const max = maxEntries();
    while (array.length - start > max) {
      onDrop(array[start++]!);
      offset++;
    }
    // The trimmed part is released only now and then, so that the cost of an event does not depend on how many are kept.
    // Views that are still held keep the old array.
    if (start > max) {
      array = array.slice(start);
      start = 0;
    }
  }

  return {
    push(entry) {
      array.push(entry);
      trim();
    },
    replace(entries) {
      array = entries;
      start = 0;
      offset = 0;
      generation++;
      trim();
    },
    view: () => viewOf(array, start, offset, generation),
  };
}

/** A window on an array that is only ever appended to, so that the view never changes. */
function viewOf(array: readonly Entry[], first: number, offset: number, generation: number): EntryList {
  const length = array.length - first;
  const place = (index: number) => {
    const whole = Math.trunc(index) || 0;
    return first + Math.min(Math.max(whole < 0 ? length + whole : whole, 0), length);
  };
  return {
    length,
    offset,
    generation,
    at: (index) => (index >= 0 && index < length ? array[first + index] : undefined),
    slice: (start = 0, end = length) => array.slice(place(start), place(end)),
    *[Symbol.iterator]() {
      for (let index = 0; index < length; index++) yield array[first + index]!;
    },
  };
}
