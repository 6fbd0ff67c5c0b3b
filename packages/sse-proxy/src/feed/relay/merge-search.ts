import type { RelayContent, RelayEntry, RelayPosition } from '../../types.ts';
import { distanceOf, idAfter } from '../event-numbers.ts';
import { scanFrames } from './frame-scan.ts';
import type { LastEvent } from './log-tail.ts';
import { dataEntry, readMeta } from './relay-meta.ts';

/** Most ids of the log that are remembered. */
const maxFound = 2_000;

/** The first event of the log with an id, and how many events have that id. */
interface FoundId {
  readonly entry: RelayEntry;
  readonly start: number;
  readonly end: number;
  count: number;
}

/** Where a feed goes on in a log. */
export interface Place {
  /** The entry after which to follow. */
  readonly position: RelayPosition;
  /** The rest of that entry, if the feed must receive it first. */
  readonly rest: RelayContent | undefined;
}

/** A place, and the event before it. */
export interface OwnPlace {
  readonly place: Place;
  readonly last: LastEvent;
}

/** The feed for which a place is looked for. */
export interface SearchingFeed {
  readonly lastId: string;
  knowsId(id: string): boolean;
}

/**
 * Looks for the event that a feed which reads the upstream alone has in common with the log: the feed goes on there.
 * The log may be ahead of the feed, or behind it.
 */
export class MergeSearch {
  readonly #feed: SearchingFeed;
  /** Ids in the log that the feed did not have when they were read. */
  readonly #found = new Map<string, FoundId>();

  constructor(feed: SearchingFeed) {
    this.#feed = feed;
  }

  /**
   * Looks through the entries that the log holds already. They don't show whether the leader still appends, so a feed
   * that is ahead of them must wait for new ones.
   */
  begin(entries: readonly RelayEntry[]): void {
    for (const entry of entries) this.#remember(entry);
  }

  /**
   * Looks through entries that were appended just now. Returns the place of the newest event that the feed has, so that
   * the log repeats little. Without one, the events are remembered.
   */
  add(entries: readonly RelayEntry[]): Place | undefined {
    for (const entry of entries.toReversed()) {
      const place = this.#placeIn(entry);
      if (place) return place;
    }
    for (const entry of entries) this.#remember(entry);
    return this.found;
  }

  #placeIn(entry: RelayEntry): Place | undefined {
    const { position, meta, data } = entry;
    const { start } = readMeta(meta);
    if (start?.cursor && this.#knows(start.cursor)) return { position, rest: undefined };
    if (data.length === 0) return undefined;
    const frames = scanFrames(data);
    const last = frames.findLast(({ id }) => id !== undefined && this.#knows(id));
    const same = frames.filter(({ id }) => id === last?.id);
    const [first] = same;
    return first && this.#placeOf({ entry, ...first, count: same.length }, last?.id ?? '');
  }

  /**
   * Before the first event with the id, if events share it or the feed has received it: the feed drops those that it
   * has. Otherwise after the event: a feed that only began after it would not recognise it as a repeat.
   */
  #placeOf({ entry, start, end, count }: FoundId, id: string): Place {
    return placeAt(entry, count > 1 || this.#feed.knowsId(id) ? start : end);
  }

  #remember(entry: RelayEntry): void {
    const { meta, data } = entry;
    const { start } = readMeta(meta);
    if (start?.cursor) this.#found.set(start.cursor, { entry, start: 0, end: 0, count: 1 });
    if (data.length === 0) return;
    for (const { start, end, id } of scanFrames(data)) {
      if (id === undefined) continue;
      const known = this.#found.get(id);
      if (known) known.count++;
      else this.#found.set(id, { entry, start, end, count: 1 });
    }
    for (const id of this.#found.keys()) {
      if (this.#found.size <= maxFound) break;
      this.#found.delete(id);
    }
  }

  #knows(id: string): boolean {
    return id === this.#feed.lastId || this.#feed.knowsId(id);
  }

  /** The place of the event that the feed received last, if the log has it. */
  get found(): Place | undefined {
    const { lastId } = this.#feed;
    const found = this.#found.get(lastId);
    return found && this.#placeOf(found, lastId);
  }
}

/**
 * The place after the event with this id, for a feed that has received nothing yet; before the first of several events
 * with the id [R36]. Undefined if `entries` hold none.
 */
export function placeAfter(entries: readonly RelayEntry[], id: string): Place | undefined {
  let first: FoundId | undefined;
  let count = 0;
  for (const entry of entries) {
    const { position, meta, data } = entry;
    if (count === 0 && readMeta(meta).start?.cursor === id) return { position, rest: undefined };
    for (const { start, end, id: own } of data.length > 0 ? scanFrames(data) : []) {
      if (own !== id) continue;
      count++;
      first ??= { entry, start, end, count: 1 };
    }
  }
  return first && placeAt(first.entry, count === 1 ? first.end : first.start);
}

/** The place after the event with this id of the proxy's own, and the event. Undefined if `entries` hold none. */
export function placeAfterOwn(entries: readonly RelayEntry[], ownId: string): OwnPlace | undefined {
  for (const entry of entries) {
    const { ids } = readMeta(entry.meta);
    const distance = ids === undefined ? undefined : distanceOf(ids, ownId);
    if (distance === undefined) continue;
    const frame = scanFrames(entry.data).find(({ isEvent, before }) => isEvent && before === distance);
    if (!frame) continue;
    const { id, start, end } = frame;
    return { place: placeAt(entry, end), last: { id, bytes: entry.data.subarray(start, end), ownId } };
  }
  return undefined;
}

/** The place in the middle of an entry. */
export function placeAt({ position, meta, data }: RelayEntry, from: number): Place {
  if (from >= data.length) return { position, rest: undefined };
  const { ids } = readMeta(meta);
  const passed = ids === undefined ? 0 : scanFrames(data).filter(({ isEvent, end }) => isEvent && end <= from).length;
  return { position, rest: dataEntry(data.subarray(from), ids && idAfter(ids, passed)) };
}
