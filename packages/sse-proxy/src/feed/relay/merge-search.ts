import type { RelayEntry, RelayPosition } from '../../types.ts';
import { scanFrames } from './frame-scan.ts';
import { readMeta } from './relay-meta.ts';

/** Most events of the log that are remembered. */
const maxPlaces = 2_000;

/** Where a feed goes on in a log. */
export interface Place {
  /** The entry after which to follow. */
  readonly position: RelayPosition;
  /** What the feed must receive before: the end of that entry. */
  readonly rest: Buffer | undefined;
}

/** The feed for which a place is looked for. */
export interface SearchingFeed {
  readonly lastId: string;
  knowsId(id: string): boolean;
}

/**
 * Looks for the event that a feed which reads the upstream alone has in common with the log: the feed goes on there. The
 * log may be ahead of the feed, or behind it.
 */
export class MergeSearch {
  readonly #feed: SearchingFeed;
  /** The events of the log that the feed has not received, by id. */
  readonly #places = new Map<string, Place>();

  constructor(feed: SearchingFeed) {
    this.#feed = feed;
  }

  /**
   * Looks through the entries that the log holds already. They don't show whether the leader still appends, so a feed that is
   * ahead of them must wait for those to come.
   */
  begin(entries: readonly RelayEntry[]): void {
    for (const entry of entries) this.#remember(entry);
  }

  /**
   * Looks through entries that were appended just now. Returns the place of the newest event that the feed has, so that the
   * log repeats little. Without one, the events are remembered.
   */
  add(entries: readonly RelayEntry[]): Place | undefined {
    for (const entry of entries.toReversed()) {
      const place = this.#placeIn(entry);
      if (place) return place;
    }
    for (const entry of entries) this.#remember(entry);
    return this.found;
  }

  #placeIn({ position, meta, data }: RelayEntry): Place | undefined {
    const { start } = readMeta(meta);
    if (start?.cursor && this.#knows(start.cursor)) return { position, rest: undefined };
    if (data.length === 0) return undefined;
    const frames = scanFrames(data);
    const last = frames.findLast(({ id }) => id !== undefined && this.#knows(id));
    // From the first frame with this id on, since events may share an id: the feed drops those that it has.
    const first = last && frames.find(({ id }) => id === last.id);
    return first && { position, rest: data.subarray(first.start) };
  }

  #remember({ position, meta, data }: RelayEntry): void {
    const { start } = readMeta(meta);
    if (start?.cursor) this.#places.set(start.cursor, { position, rest: undefined });
    if (data.length === 0) return;
    for (const frame of scanFrames(data))
      if (frame.id !== undefined && !this.#places.has(frame.id))
        this.#places.set(frame.id, { position, rest: data.subarray(frame.start) });
    for (const id of this.#places.keys()) {
      if (this.#places.size <= maxPlaces) break;
      this.#places.delete(id);
    }
  }

  #knows(id: string): boolean {
    return id === this.#feed.lastId || this.#feed.knowsId(id);
  }

  /** The place of the event that the feed received last, if the log has it. */
  get found(): Place | undefined {
    return this.#places.get(this.#feed.lastId);
  }
}

/**
 * The place behind the event with this id, for a feed that has received nothing yet; before the first of several events
 * with the id [R36]. Undefined if `entries` hold none.
 */
export function placeAfter(entries: readonly RelayEntry[], id: string): Place | undefined {
  let first: { position: RelayPosition; data: Buffer; start: number; end: number } | undefined;
  let count = 0;
  for (const { position, meta, data } of entries) {
    if (count === 0 && readMeta(meta).start?.cursor === id) return { position, rest: undefined };
    for (const { start, end, id: own } of data.length > 0 ? scanFrames(data) : []) {
      if (own !== id) continue;
      count++;
      first ??= { position, data, start, end };
    }
  }
  if (!first) return undefined;
  const { position, data, start, end } = first;
  const from = count === 1 ? end : start;
  return { position, rest: from < data.length ? data.subarray(from) : undefined };
}
