import type { ReceivedEvent, ReceivedGap } from '../received.ts';
import type { Entry, EntryList, EventEntry, GapEntry, KnownEvent, StreamCounts } from '../types.ts';
import { createEntryLog } from './entry-list.ts';
import { createSeenIds, fingerprint } from './seen-ids.ts';

/** An entry before it has its key. */
export type Unkeyed = Omit<EventEntry, 'key'> | Omit<GapEntry, 'key'>;

/** Doubles are found among at least so many of the newest events, however few are kept. */
const minSeen = 10_000;

/** Everything gathered: the entries, what is known of doubles, and honest counters. Nothing in it waits. */
export interface EntryStore {
  receive(event: ReceivedEvent): void;
  gap(gap: ReceivedGap): void;
  seed(events: readonly KnownEvent[]): void;
  /** How many were new; undefined if there is no such gap. */
  fill(gapKey: number, events: readonly KnownEvent[]): number | undefined;
  clear(): void;
  reset(): void;
  /** Puts back what was persisted, into an empty store. */
  restore(entries: Iterable<Unkeyed>): void;
  entries(): EntryList;
  counts(): StreamCounts;
}

export function createEntryStore(maxEntries: number, now: () => number): EntryStore {
  const log = createEntryLog(maxEntries, (entry) => {
    if (entry.kind === 'gap') gaps--;
  });
  const all = () => log.view().slice();
  const newSeen = () => createSeenIds(Math.max(maxEntries, minSeen));
  let nextKey = 1;
  let seen = newSeen();
  /** What was cleared: the stream may repeat it, but `seed()` may bring it back. */
  let cleared = newSeen();
  let received = 0;
  let duplicates = 0;
  let filled = 0;
  let original = 0;
  let gaps = 0;

  function replace(entries: Entry[]): void {
    gaps = entries.filter(({ kind }) => kind === 'gap').length;
    log.replace(entries);
  }

  function append(entry: Unkeyed): void {
    if (entry.kind === 'gap') gaps++;
    log.push({ ...entry, key: nextKey++ });
  }

  /** Those of `events` that are not in the list, each id once, as entries. */
  function unknown(events: readonly KnownEvent[], origin: EventEntry['origin']): EventEntry[] {
    const ids = new Set<string>();
    for (const entry of all()) if (entry.kind === 'event') ids.add(entry.id);
    const added: EventEntry[] = [];
    for (const { id, data, event = 'message', receivedAt = now() } of events) {
      const mark = fingerprint({ id, data });
      if (id !== '' && (ids.has(id) || seen.has(mark))) continue;
      ids.add(id);
      seen.add(mark);
      added.push({ kind: 'event', key: nextKey++, id, event, data, receivedAt, origin });
    }
    return added;
  }

  function keepOnly(originals: Entry[]): void {
    seen = newSeen();
    for (const entry of originals) seen.add(fingerprint(entry as EventEntry));
    received = duplicates = filled = 0;
    replace(originals);
  }

  return {
    receive(event) {
      received++;
      const mark = fingerprint(event);
      if (seen.has(mark) || cleared.has(mark)) {
        duplicates++;
        return;
      }
      seen.add(mark);
      append({ kind: 'event', ...event, origin: 'new' });
    },
    gap(gap) {
      append({ kind: 'gap', ...gap });
    },
    seed(events) {
      const added = unknown(events, 'original');
      original += added.length;
      replace([...added, ...all()]);
    },
    fill(gapKey, events) {
      const entries = all();
      const place = entries.findIndex((entry) => entry.kind === 'gap' && entry.key === gapKey);
      if (place === -1) return undefined;
      const added = unknown(events, 'new');
      filled += added.length;
      replace([...entries.slice(0, place), ...added, ...entries.slice(place + 1)]);
      return added.length;
    },
    clear() {
      cleared = seen;
      keepOnly(all().filter((entry) => entry.kind === 'event' && entry.origin === 'original'));
    },
    reset() {
      cleared = newSeen();
      original = 0;
      keepOnly([]);
    },
    restore(entries) {
      for (const entry of entries) {
        if (entry.kind === 'event') {
          seen.add(fingerprint(entry));
          if (entry.origin === 'original') original++;
          else received++;
        }
        append(entry);
      }
    },
    entries: log.view,
    counts() {
      const fresh = received - duplicates + filled;
      const total = original + fresh;
      const kept = log.view().length - gaps;
      return { received, kept, dropped: total - kept, duplicates, filled, original, fresh, total, gaps };
    },
  };
}
