import type { Parsed } from '../event-parser.ts';
import type { Unkeyed } from '../persister.ts';
import type { ReceivedEvent, ReceivedGap } from '../received.ts';
import type { Entry, EntryList, EventEntry, KnownEvent, KnownGap, StreamCounts } from '../types.ts';
import { createEntryLog } from './entry-list.ts';
import { createRepeatFilter, type Identity } from './repeat-filter.ts';

/** The least number of events among which repeats are recognised, however few are kept. */
const minRemembered = 10_000;

/** Entries, repeat detection and counters. Fully synchronous. */
export interface EntryStore {
  /** A connection that resumes after `cursor` has opened: events may be repeated from now on. */
  resume(cursor: string): void;
  /** True while events may be repeats. */
  isCatchingUp(): boolean;
  /** Nothing is repeated from now on. */
  live(): void;
  /** Returns true if an event with this id is remembered. */
  has(id: string): boolean;
  /**
   * Adds an event unless it is a repeat. Returns the new entries: a gap that the filter has found may precede it, or
   * replace it.
   */
  receive(event: ReceivedEvent): Entry[];
  /** As `receive`: the gap in place of one event is repeated when the server repeats that event. */
  gap(gap: ReceivedGap): Entry[];
  seed(events: readonly (KnownEvent | KnownGap)[]): void;
  /** Returns the number of new entries, or undefined if there is no such gap. */
  fill(gapKey: number, events: readonly KnownEvent[]): number | undefined;
  clear(): void;
  reset(): void;
  /** Adds persisted entries to an empty store. */
  restore(entries: Iterable<Unkeyed>): void;
  entries(): EntryList;
  counts(): StreamCounts;
}

/** How the repeat filter identifies the gap in place of an event. */
const asEvent = (id: string, reason: string) => ({ id, event: 'sse-proxy:gap', data: reason });

/**
 * @param maxEntries read at every change
 * @param parse called once for each event that becomes an entry. Where it returns undefined, the value is the data
 */
export function createEntryStore(
  maxEntries: () => number,
  now: () => number,
  parse?: (event: ReceivedEvent) => Parsed | undefined,
): EntryStore {
  const log = createEntryLog(maxEntries);
  const all = () => log.view().slice();
  const filter = createRepeatFilter(() => Math.max(maxEntries(), minRemembered));
  let nextKey = 1;
  let received = 0;
  let duplicates = 0;
  let filled = 0;
  let original = 0;

  function withKey(unkeyed: Unkeyed): Entry {
    const key = nextKey++;
    const parsed = unkeyed.kind === 'event' ? (parse?.(unkeyed) ?? { value: unkeyed.data }) : undefined;
    return { ...unkeyed, key, ...parsed } as Entry;
  }

  function append(unkeyed: Unkeyed): Entry {
    const entry = withKey(unkeyed);
    log.push(entry);
    return entry;
  }

  /** Appends the gap that the filter has found, if any, and then the entry, unless it is a repeat. */
  function add(identity: Identity, at: number, entry: Unkeyed): Entry[] {
    const [isNew, reason] = filter.classify(identity);
    const added: Entry[] = [];
    if (reason) added.push(append({ kind: 'gap', reason, from: at, to: at, afterId: '' }));
    if (isNew) added.push(append(entry));
    return added;
  }

  /** Those of `events` that are new, as entries. A gap is always new, unless it stands for an event with a known id. */
  function deliver(events: readonly (KnownEvent | KnownGap)[], origin: EventEntry['origin']): Entry[] {
    const whole = events.map((known) => {
      if ('reason' in known) return { ...asEvent(known.id ?? '', known.reason), entry: known };
      const entry = { kind: 'event' as const, event: 'message', receivedAt: now(), ...known, origin };
      return { ...entry, entry };
    });
    return filter.deliver(whole).map(({ entry }) => withKey(entry));
  }

  function keepOnly(entries: Entry[]): void {
    received = duplicates = filled = 0;
    log.replace(entries);
  }

  return {
    ...filter,
    receive(event) {
      received++;
      const added = add(event, event.receivedAt, { kind: 'event', ...event, origin: 'new' });
      if (added.at(-1)?.kind !== 'event') duplicates++;
      return added;
    },
    gap(gap) {
      const entry: Unkeyed = { kind: 'gap', ...gap };
      return gap.id === undefined ? [append(entry)] : add(asEvent(gap.id, gap.reason), gap.to, entry);
    },
    seed(events) {
      const added = deliver(events, 'original');
      for (const entry of added) if (entry.kind === 'event') original++;
      log.replace([...added, ...all()]);
    },
    fill(gapKey, events) {
      const entries = all();
      const place = entries.findIndex((entry) => entry.kind === 'gap' && entry.key === gapKey);
      if (place < 0) return undefined;
      const added = deliver(events, 'new');
      filled += added.length;
      log.replace([...entries.slice(0, place), ...added, ...entries.slice(place + 1)]);
      return added.length;
    },
    clear() {
      const originals = all().filter((entry) => entry.kind === 'event' && entry.origin === 'original');
      filter.clear(originals as EventEntry[]);
      keepOnly(originals);
    },
    reset() {
      filter.reset();
      original = 0;
      keepOnly([]);
    },
    restore(entries) {
      for (const entry of entries) {
        if (entry.kind === 'gap') {
          if (entry.id !== undefined) filter.restore(asEvent(entry.id, entry.reason));
        } else {
          filter.restore(entry);
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
      const gaps = log.gaps();
      const kept = log.view().length - gaps;
      return { received, kept, dropped: total - kept, duplicates, filled, original, fresh, total, gaps };
    },
  };
}
