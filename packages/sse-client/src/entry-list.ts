import type { Entry, EntryList } from './types.ts';

/** A window on an array that is only ever appended to, so that what it shows never changes. */
class EntryView implements EntryList {
  readonly #array: readonly Entry[];
  readonly #start: number;
  readonly length: number;
  readonly offset: number;
  readonly generation: number;

  constructor(array: readonly Entry[], start: number, offset: number, generation: number) {
    this.#array = array;
    this.#start = start;
    this.length = array.length - start;
    this.offset = offset;
    this.generation = generation;
  }

  at(index: number): Entry | undefined {
    return index >= 0 && index < this.length ? this.#array[this.#start + index] : undefined;
  }

  slice(start = 0, end = this.length): Entry[] {
    const place = (index: number) => {
      const whole = Math.trunc(index) || 0;
      return this.#start + Math.min(Math.max(whole < 0 ? this.length + whole : whole, 0), this.length);
    };
    return this.#array.slice(place(start), place(end));
  }

  *[Symbol.iterator](): Iterator<Entry> {
    for (let index = 0; index < this.length; index++) yield this.at(index)!;
  }
}

/** The entries kept, oldest first: appended at one end, trimmed at the other. */
export interface EntryLog {
  readonly length: number;
  push(entry: Entry): void;
  /** Puts these in the place of all. */
  replace(entries: Entry[]): void;
  view(): EntryList;
}

export function createEntryLog(maxEntries: number, dropped: (entry: Entry) => void): EntryLog {
  let array: Entry[] = [];
  let start = 0;
  let offset = 0;
  let generation = 0;

  function trim(): void {
    while (array.length - start > maxEntries) {
      dropped(array[start++]!);
      offset++;
    }
    // What was trimmed is let go of now and then, so that an event costs the same however many are kept. Views that
    // are still held keep the old array.
    if (start > maxEntries) {
      array = array.slice(start);
      start = 0;
    }
  }

  return {
    get length() {
      return array.length - start;
    },
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
    view: () => new EntryView(array, start, offset, generation),
  };
}
