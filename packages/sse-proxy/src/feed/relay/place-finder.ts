import type { RelayEntry, RelayLog, RelayPosition } from '../../types.ts';
import type { Gap } from '../feed-parts.ts';
import { contentDigest } from '../frame-mark.ts';
import { type FoundPlace, type LogTail, pageEntries } from './first-place.ts';
import { awayOnly, type LastEvent, lastFrame, lastOwnId, lastState } from './log-tail.ts';
import { MergeSearch, type Place, placeAt, type SearchingFeed } from './merge-search.ts';
import type { RelayMeta } from './relay-meta.ts';

const checkMs = 1_000;
const unknownEvent: LastEvent = { id: undefined, bytes: undefined, ownId: undefined };
/** After this many checks a feed that has nothing in common with the log moves there with a gap. */
const maxUnmatchedChecks = 10;

/** The feed for which a place is looked for. */
export interface PlacedFeed extends SearchingFeed {
  /** True if it has received no event yet. */
  readonly isUntouched: boolean;
  readonly lastContent: string | undefined;
  relayGap(gap: Gap): void;
}

/** What a search reads from its call, and its notifications to it. */
export interface PlaceListener {
  /** True unless the feed is paused. */
  readonly isFlowing: boolean;
  /** True if everything that was read is what the upstream sends to a new listener, without an interruption. */
  readonly isFresh: boolean;
  /** The newest entry before the feed began to read alone, if an instance led then. */
  readonly tailBefore: LogTail | undefined;
  /** The feed can go on here. `repeats`: the log may repeat what the feed has. */
  onPlace(found: FoundPlace, repeats: boolean): void;
  /** Nobody leads. */
  onVacant(): void;
}

/** Finds where a feed that reads the upstream alone goes on in the log. */
export class PlaceFinder {
  readonly #log: RelayLog;
  readonly #feed: PlacedFeed;
  readonly #listener: PlaceListener;
  /** Counts searches: the result of a former one is ignored. */
  #searches = 0;
  #merge: MergeSearch | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** The newest entry. */
  #tail: RelayPosition = '';
  /** Chunks that the feed has received since the last check. */
  #received = 0;
  /** Chunks that the log has received since the last check. */
  #logged = 0;
  #checks = 0;
  /** The newest event of the log. */
  #last = unknownEvent;
  /** The place after that event. */
  #afterLast: Place | undefined;
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
  }

  /** Looks for the place until it is found or `stop()` is called. */
  async begin(): Promise<void> {
    this.stop();
    const search = this.#searches;
    const view = await this.#log.look(pageEntries).catch(() => undefined);
    if (!view || search !== this.#searches) return;
    this.#merge = new MergeSearch(this.#feed);
    this.#tail = view.tail;
    this.#checks = 0;
    this.#state = undefined;
    this.#last = unknownEvent;
    this.#timer = setInterval(() => this.#check(), checkMs);
    this.#log.follow(view.tail);
    if (view.leader === 'none') return this.#listener.onVacant();
    this.#merge.begin(view.entries);
    this.#note(view.entries);
    this.#placeIf(this.#merge.found);
  }

  onTrimmed(): void {
    if (this.#merge) void this.begin();
  }

  onEntries(entries: readonly RelayEntry[]): void {
    this.#tail = entries.at(-1)?.position ?? this.#tail;
    this.#logged += entries.filter(({ data }) => data.length > 0).length;
    this.#note(entries);
    this.#placeIf(this.#merge?.add(entries));
  }

  #note(entries: readonly RelayEntry[]): void {
    const reported = lastState(entries);
    if (reported) this.#state = awayOnly(reported);
    const frame = lastFrame(entries);
    if (!frame) return;
    this.#last = { id: frame.id, bytes: frame.bytes, ownId: lastOwnId(entries) };
    this.#afterLast = placeAt(frame.entry, frame.end);
  }

  /** The feed has received something from the upstream. */
  onReceived(): void {
    this.#received++;
    this.#placeIf(this.#merge?.found);
  }

  #placeIf(place: Place | undefined): void {
    if (place) this.#place(place, true);
  }

  #place(place: Place, repeats: boolean, last?: LastEvent): void {
    this.stop();
    this.#listener.onPlace({ place, state: this.#state, last }, repeats);
  }

  #check(): void {
    const received = this.#received;
    const logged = this.#logged;
    this.#received = 0;
    this.#logged = 0;
    const { isFlowing, isFresh, tailBefore } = this.#listener;
    if (!isFlowing) return;
    const { lastId, isUntouched, lastContent } = this.#feed;
    const isNew = isUntouched && lastId === '';
    // The upstream sends nothing to a new listener, so the feed gets what the log has received since it began to read.
    if (isNew && tailBefore && isFresh) {
      return this.#place({ position: tailBefore.position, rest: undefined }, false, tailBefore.last);
    }
    const { bytes } = this.#last;
    const isAlike = lastId === '' && bytes !== undefined && lastContent === contentDigest(bytes, 0, bytes.length);
    // After the event the log may hold a gap, which the feed then receives.
    if (this.#afterLast && isAlike && received + logged === 0) return this.#place(this.#afterLast, false);
    // A feed that receives more than the log is still replaying.
    if ((lastId !== '' || isNew) && (logged === 0 || received > logged)) return;
    if (++this.#checks < maxUnmatchedChecks) return;
    const now = Date.now();
    this.#feed.relayGap({ reason: 'unmatched', from: now, to: now });
    this.#place({ position: this.#tail, rest: undefined }, lastId !== '', isNew ? this.#last : undefined);
  }
}
