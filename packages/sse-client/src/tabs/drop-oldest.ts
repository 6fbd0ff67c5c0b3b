import type { Entry, GapEntry } from '../types.ts';

/** The least number of entries that wait for a slow reader, which can't hold back the tab that has the connection. */
const minQueued = 10_000;

/**
 * Replaces the older half of a reader's queue by a gap if more than max(`maxEntries`, 10,000) entries wait. Half of them,
 * so that the cost of an entry stays constant. Returns false if there are fewer.
 *
 * @param next index of the first entry that waits
 * @param lastId id of the last event before that
 */
export function dropOldest(queue: Entry[], next: number, lastId: string, maxEntries: number): boolean {
  const maxQueued = Math.max(maxEntries, minQueued);
  if (queue.length - next <= maxQueued) return false;
  const first = queue[next]!;
  const gap: GapEntry = {
    kind: 'gap',
    key: first.key,
    reason: 'reader-too-slow',
    from: first.kind === 'gap' ? first.from : first.receivedAt,
    to: Date.now(),
    afterId: lastId,
  };
  queue.splice(0, next + (maxQueued >> 1) + 1, gap);
  return true;
}
