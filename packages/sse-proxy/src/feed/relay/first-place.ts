import type { RelayEntry, RelayLog, RelayPosition, RelayView } from '../../types.ts';
import { awayOnly, isFresh, type LastEvent, lastEvent, lastState } from './log-tail.ts';
import { type OwnPlace, type Place, placeAfter, placeAfterOwn } from './merge-search.ts';
import { type RelayMeta, readMeta } from './relay-meta.ts';

/** Entries that are read at once. */
export const pageEntries = 100;
/** How long a feed waits for a leader that is connecting, in milliseconds. */
const startMs = 1_000;

type Page = Pick<RelayView, 'entries' | 'isWhole'>;

/** A place in the log. */
export interface FoundPlace {
  readonly place: Place;
  /** The upstream's state there; undefined if it is not away. */
  readonly state: RelayMeta['state'];
  /** The event before it, for a feed that has not received it. */
  readonly last?: LastEvent | undefined;
}

/** The newest entry of a log. */
export interface LogTail {
  readonly position: RelayPosition;
  readonly last: LastEvent | undefined;
}

/**
 * Where a feed that has no place begins:
 * - at a place in the log;
 * - `vacant`: nobody leads, and the log does not hold the feed's id;
 * - `busy`: another instance leads, and the feed must read alone first.
 */
export type FirstPlace = FoundPlace | 'vacant' | 'busy';

/** The feed for which a place is looked for. */
export interface BeginningFeed {
  /** The upstream's id of the last event that it has, as a byte string; empty if there is none. */
  readonly lastId: string;
  /** The proxy's own id of that event; empty if there is none. It is looked for in place of `lastId`. */
  readonly lastOwnId: string;
}

/** Finds where a feed that has received nothing yet begins in the log. */
export class FirstPlaceFinder {
  readonly #log: RelayLog;
  readonly #feed: BeginningFeed;
  /** Counts searches: the result of a former one is ignored. */
  #searches = 0;
  #joinsLive = false;
  #onStart: ((outcome: FirstPlace) => void) | undefined;
  /** The newest entry when the last search ended with `busy`, if another instance had appended. */
  tail: LogTail | undefined;

  constructor(log: RelayLog, feed: BeginningFeed) {
    this.#log = log;
    this.#feed = feed;
  }

  /** Ends the search. */
  stop(): void {
    this.#searches++;
    this.#onStart?.('busy');
  }

  /**
   * Searches the log for the feed's id.
   *
   * @param joinsLive a feed whose id is not found may begin at the newest entry
   * @returns undefined if the log can't be read, or if the search was ended by `stop()` or by another one
   */
  async find(joinsLive: boolean): Promise<FirstPlace | undefined> {
    const search = ++this.#searches;
    this.tail = undefined;
    this.#joinsLive = joinsLive;
    const { lastId, lastOwnId } = this.#feed;
    const view = await this.#log.look(pageEntries).catch(() => undefined);
    if (!view || search !== this.#searches) return undefined;
    const state = awayOnly(lastState(view.entries));
    const found = await this.#search(view);
    if (search !== this.#searches) return undefined;
    if (found) return { ...found, state };
    if (view.leader === 'none') return 'vacant';
    if (view.leader === 'starting') return this.#whenStarted(view.tail);
    const tail = { position: view.tail, last: lastEvent(view.entries) };
    const isNew = lastId === '' && lastOwnId === '';
    if (joinsLive ? lastId === '' : isNew && isFresh(view.entries))
      return { place: { position: tail.position, rest: undefined }, state, last: tail.last };
    this.tail = tail;
    return 'busy';
  }

  /** Reads backwards, since most browsers were away only for a moment. */
  async #search(view: Page): Promise<Pick<FoundPlace, 'place' | 'last'> | undefined> {
    const { lastId, lastOwnId } = this.#feed;
    if (lastOwnId !== '') return this.#searchOwn(lastOwnId, view);
    const place = lastId === '' ? undefined : await this.#placeOf(lastId, view);
    return place && { place };
  }

  async #searchOwn(id: string, { entries, isWhole }: Page): Promise<OwnPlace | undefined> {
    const found = placeAfterOwn(entries, id);
    const oldest = entries[0]?.position;
    if (found || isWhole || oldest === undefined) return found;
    const before = await this.#log.lookBefore(oldest, pageEntries).catch(() => undefined);
    return before && this.#searchOwn(id, before);
  }

  async #placeOf(id: string, view: Page): Promise<Place | undefined> {
    const place = placeAfter(view.entries, id);
    // Events before these may share the id.
    const isFirst = place !== undefined && place.position === view.entries[0]?.position;
    if (view.isWhole || (place && !isFirst)) return place;
    const oldest = view.entries[0]?.position;
    if (oldest === undefined) return place;
    const before = await this.#log.lookBefore(oldest, pageEntries).catch(() => undefined);
    if (!before) return place;
    return place ? placeAfter([...before.entries, ...view.entries], id) : this.#placeOf(id, before);
  }

  /** The leader is connecting: awaits its start for {@link startMs}; after that, the feed must read alone first. */
  #whenStarted(tail: RelayPosition): Promise<FirstPlace> {
    const { promise, resolve } = Promise.withResolvers<FirstPlace>();
    const timer = setTimeout(() => settle('busy'), startMs);
    const settle = (outcome: FirstPlace) => {
      clearTimeout(timer);
      this.#onStart = undefined;
      this.#log.unfollow();
      resolve(outcome);
    };
    this.#onStart = settle;
    this.#log.follow(tail);
    return promise;
  }

  /** Nobody leads: ends the wait for a start. */
  onVacant(): void {
    this.#onStart?.('vacant');
  }

  /** Looks for the start among entries that were appended just now. No effect unless one is awaited. */
  onEntries(entries: readonly RelayEntry[]): void {
    for (const { position, meta } of entries) {
      const { start, left, end } = readMeta(meta);
      if (left || end) return this.#onStart?.('busy');
      if (!start) continue;
      const { lastId, lastOwnId } = this.#feed;
      const isHere = start.cursor === lastId && (this.#joinsLive || lastOwnId === '');
      return this.#onStart?.(isHere ? { place: { position, rest: undefined }, state: undefined } : 'busy');
    }
  }
}
