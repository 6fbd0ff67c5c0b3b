import type { RelayEntry, RelayLog, RelayPosition, RelayView } from '../../types.ts';
import type { Gap } from '../feed-parts.ts';
import { contentDigest } from '../replay-window.ts';
import { scanFrames } from './frame-scan.ts';
import { MergeSearch, type Place, placeAfter, type SearchingFeed } from './merge-search.ts';
import { type RelayMeta, readMeta } from './relay-meta.ts';

/** Entries that are read at once. */
const pageEntries = 100;
/** How long a feed waits for a leader that is connecting, in milliseconds. */
const startMs = 1_000;
const checkMs = 1_000;
/** After so many checks a feed that has nothing in common with the log moves there with a gap. */
const maxUnmatchedChecks = 10;

/** The feed for which a place is looked for. */
export interface PlacedFeed extends SearchingFeed {
  /** True if it has received no event yet. */
  readonly isUntouched: boolean;
  readonly lastContent: string | undefined;
  relayGap(gap: Gap): void;
}

/** What a search needs to know, and whom it notifies. */
export interface PlaceListener {
  /** True while the feed takes what it receives. */
  readonly isFlowing: boolean;
  /** True if the feed reads what the upstream sends to a new listener, without an interruption so far. */
  readonly isFresh: boolean;
  /** The feed can go on here. `repeats`: the log may repeat what the feed has. */
  onPlace(found: FoundPlace, repeats: boolean): void;
  /** Nobody leads. */
  onVacant(): void;
}

/**
 * The place of a feed that has none: `place`; `vacant`: nobody leads, and the log does not hold the feed's id; `busy`:
 * another instance leads, and the feed must read alone first.
 */
export type FirstPlace = FoundPlace | 'vacant' | 'busy';

/** A place in the log. */
export interface FoundPlace {
  readonly place: Place;
  /** The upstream's state there; undefined if it is not away. */
  readonly state: RelayMeta['state'];
  /** The event before it, for a feed that has not received it. */
  readonly last?: LastEvent | undefined;
}

/** The event that precedes a place. */
export interface LastEvent {
  /** As a byte string. */
  readonly id: string;
  /** Its bytes; undefined if the log does not hold it. */
  readonly bytes: Buffer | undefined;
}

/** Finds where a feed goes on in the log: before it has received anything, or while it reads the upstream alone. */
export class PlaceFinder {
  readonly #log: RelayLog;
  readonly #feed: PlacedFeed;
  readonly #listener: PlaceListener;
  /** Counts searches: the result of a former one is ignored. */
  #searches = 0;
  #onStart: ((outcome: FirstPlace) => void) | undefined;
  #merge: MergeSearch | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** The newest entry before the feed began to read alone, if an instance led then. */
  #tailBefore: { readonly position: RelayPosition; readonly last: LastEvent | undefined } | undefined;
  /** The newest entry. */
  #tail: RelayPosition = '';
  /** Number of times that the feed, and the log, received something; and at the last check. */
  #received = 0;
  #logged = 0;
  #receivedBefore = 0;
  #loggedBefore = 0;
  #checks = 0;
  /** Content of the newest event of the log; undefined if none was seen. */
  #logContent: string | undefined;
  #state: RelayMeta['state'];

  constructor(log: RelayLog, feed: PlacedFeed, listener: PlaceListener) {
    this.#log = log;
    this.#feed = feed;
    this.#listener = listener;
  }

  /** Ends the search. */
  stop(): void {
    this.#searches++;
    clearInterval(this.#timer);
    this.#merge = undefined;
    this.#onStart?.('busy');
    this.#onStart = undefined;
  }

  /** The place of a feed that has received nothing yet. Undefined if the log can't be read, or after `stop()`. */
  async first(joinsLive: boolean): Promise<FirstPlace | undefined> {
    const search = ++this.#searches;
    this.#tailBefore = undefined;
    const { lastId } = this.#feed;
    const view = await this.#log.look(pageEntries).catch(() => undefined);
    if (!view || search !== this.#searches) return undefined;
    const state = awayOnly(lastState(view.entries));
    const place = lastId === '' ? undefined : await this.#find(view, lastId);
    if (search !== this.#searches) return undefined;
    if (place) return { place, state };
    if (view.leader === 'none') return 'vacant';
    if (view.leader === 'starting') return this.#whenStarted(view.tail);
    const tail = { position: view.tail, last: lastEvent(view.entries) };
    if (lastId === '' && (joinsLive || isFresh(view.entries)))
      return { place: { position: tail.position, rest: undefined }, state, last: tail.last };
    this.#tailBefore = tail;
    return 'busy';
  }

  /** Reads backwards, since most browsers were away only for a moment. */
  async #find(view: Pick<RelayView, 'entries' | 'isWhole'>, id: string): Promise<Place | undefined> {
    const place = placeAfter(view.entries, id);
    // Events before these may share the id.
    const isFirst = place !== undefined && place.position === view.entries[0]?.position;
    if (view.isWhole || (place && !isFirst)) return place;
    const oldest = view.entries[0]?.position;
    if (oldest === undefined) return place;
    const before = await this.#log.lookBefore(oldest, pageEntries).catch(() => undefined);
    if (!before) return place;
    const entries = place ? [...before.entries, ...view.entries] : before.entries;
    return place ? placeAfter(entries, id) : this.#find(before, id);
  }

  /** The leader is connecting: its log begins soon, or the feed asks the upstream itself. */
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

  /** Looks for the place of a feed that reads alone, until it is found or `stop()` is called. */
  async begin(): Promise<void> {
    this.stop();
    const search = this.#searches;
    const view = await this.#log.look(pageEntries).catch(() => undefined);
    if (!view || search !== this.#searches) return;
    this.#merge = new MergeSearch(this.#feed);
    this.#tail = view.tail;
    this.#checks = 0;
    this.#state = undefined;
    this.#logContent = undefined;
    this.#timer = setInterval(() => this.#check(), checkMs);
    this.#log.follow(view.tail);
    if (view.leader === 'none') return this.#listener.onVacant();
    this.#merge.begin(view.entries);
    this.#note(view.entries);
    this.#placeIfFound();
  }

  onTrimmed(): void {
    if (this.#merge) void this.begin();
  }

  /** Nobody leads: ends the wait for a start. */
  onVacant(): void {
    this.#onStart?.('vacant');
  }

  onEntries(entries: readonly RelayEntry[]): void {
    if (this.#onStart) return this.#addWaiting(entries, this.#onStart);
    this.#tail = entries.at(-1)?.position ?? this.#tail;
    this.#logged++;
    this.#note(entries);
    const place = this.#merge?.add(entries);
    if (place) this.#place(place, true);
  }

  #addWaiting(entries: readonly RelayEntry[], settle: (outcome: FirstPlace) => void): void {
    for (const { position, meta } of entries) {
      const { start, left, end } = readMeta(meta);
      if (left || end) return settle('busy');
      if (!start) continue;
      const isHere = start.cursor === this.#feed.lastId;
      return settle(isHere ? { place: { position, rest: undefined }, state: undefined } : 'busy');
    }
  }

  #note(entries: readonly RelayEntry[]): void {
    const told = lastState(entries);
    if (told) this.#state = awayOnly(told);
    const bytes = lastFrame(entries)?.bytes;
    if (bytes) this.#logContent = contentDigest(bytes, 0, bytes.length);
  }

  /** The feed has received something from the upstream. */
  onReceived(): void {
    this.#received++;
    this.#placeIfFound();
  }

  #placeIfFound(): void {
    const place = this.#merge?.found;
    if (place) this.#place(place, true);
  }

  #place(place: Place, repeats: boolean, last?: LastEvent): void {
    this.stop();
    this.#listener.onPlace({ place, state: this.#state, last }, repeats);
  }

  #check(): void {
    const { lastId, isUntouched, lastContent } = this.#feed;
    const news = this.#received - this.#receivedBefore;
    const logNews = this.#logged - this.#loggedBefore;
    this.#receivedBefore = this.#received;
    this.#loggedBefore = this.#logged;
    if (!this.#listener.isFlowing) return;
    const isNew = isUntouched && lastId === '';
    // Nothing was sent to a new listener: it gets what the log has received since it came.
    if (isNew && this.#tailBefore && this.#listener.isFresh) {
      const { position, last } = this.#tailBefore;
      return this.#place({ position, rest: undefined }, false, last);
    }
    const isAlike = lastId === '' && lastContent !== undefined && lastContent === this.#logContent;
    if (isAlike && news + logNews === 0) return this.#place({ position: this.#tail, rest: undefined }, false);
    // A feed that receives more than the log is still replaying.
    if ((lastId !== '' || isNew) && (logNews === 0 || news > logNews)) return;
    if (++this.#checks < maxUnmatchedChecks) return;
    const now = Date.now();
    this.#feed.relayGap({ reason: 'unmatched', from: now, to: now });
    this.#place({ position: this.#tail, rest: undefined }, lastId !== '');
  }
}

/** The upstream's state as the log tells it last. */
function lastState(entries: readonly RelayEntry[]): RelayMeta['state'] {
  return readMeta(entries.findLast(({ meta }) => readMeta(meta).state)?.meta ?? '').state;
}

/** Undefined if the upstream is not away. */
function awayOnly(state: RelayMeta['state']): RelayMeta['state'] {
  return state?.state === 'restored' ? undefined : state;
}

/** The newest event, if it has an id; or else what the leader began behind. */
function lastEvent(entries: readonly RelayEntry[]): LastEvent | undefined {
  const found = lastFrame(entries);
  const start = readMeta(entries.findLast(({ meta }) => readMeta(meta).start)?.meta ?? '').start;
  if (!found) return start?.cursor ? { id: start.cursor, bytes: undefined } : undefined;
  return found.id === undefined ? undefined : { id: found.id, bytes: found.bytes };
}

/** The newest event. Entries that hold only comments are skipped. */
function lastFrame(entries: readonly RelayEntry[]): { id: string | undefined; bytes: Buffer } | undefined {
  for (const { data } of entries.toReversed()) {
    const frame = data.length > 0 ? scanFrames(data).at(-1) : undefined;
    if (frame) return { id: frame.id, bytes: data.subarray(frame.start, frame.end) };
  }
  return undefined;
}

/** True if the leader began as a new listener and has received nothing yet. */
function isFresh(entries: readonly RelayEntry[]): boolean {
  const at = entries.findLastIndex(({ meta }) => readMeta(meta).start);
  const start = readMeta(entries[at]?.meta ?? '').start;
  return start?.isFresh === true && entries.slice(at).every(({ data }) => data.length === 0);
}
