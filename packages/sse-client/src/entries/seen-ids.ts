/** Counts events by fingerprint. It is a count and not a set, since distinct events may be equal [R35]. */
export type Counts = Map<string, number>;

/** Remembers the newest events. */
export interface SeenIds {
  /** True once an event has been forgotten. */
  hasForgotten(): boolean;
  add(print: string): void;
  /** A copy of what is remembered. */
  counts(): Counts;
}

/** Remembers the last `size()` to `2 * size()` events: forgetting drops one of two generations as a whole. */
export function createSeenIds(size: () => number): SeenIds {
  let recent: Counts = new Map();
  let older: Counts = new Map();
  let added = 0;
  let hasForgotten = false;
  return {
    hasForgotten: () => hasForgotten,
    add(print) {
      addTo(recent, print);
      if (++added < size()) return;
      hasForgotten ||= older.size > 0;
      older = recent;
      recent = new Map();
      added = 0;
    },
    counts() {
      const all = new Map(older);
      for (const [print, count] of recent) addTo(all, print, count);
      return all;
    },
  };
}

export function addTo(counts: Counts, print: string, count = 1): void {
  counts.set(print, (counts.get(print) ?? 0) + count);
}

/** Removes up to `times` occurrences. Returns false if there is none. */
export function takeFrom(counts: Counts, print: string, times = 1): boolean {
  const count = counts.get(print) ?? 0;
  if (count > times) counts.set(print, count - times);
  else counts.delete(print);
  return count > 0;
}
