import type { IncomingHttpHeaders } from 'node:http';
import type { SseProxyError } from '../../errors.ts';
import type { OpenFeed, RelayContent, RelayEntry, RelayListener, RelayLog, RelayPosition } from '../../types.ts';
import type { UpstreamConnection } from '../../upstream/upstream.ts';
import { FirstPlaceFinder, type FoundPlace, type LogTail } from './first-place.ts';
import { LogSide, type LogSideListener } from './log-side.ts';
import { PlaceFinder, type PlaceListener } from './place-finder.ts';
import type { RelayedEnd } from './relay-meta.ts';
import type { CallParts, RelayTarget } from './relay-parts.ts';
import { movedError } from './upstream-reader.ts';
import { UpstreamSide, type UpstreamSideListener } from './upstream-side.ts';

/**
 * The connection of a `RelayedFeed`. It has two sides, one of which delivers to the feed: the {@link LogSide} reads the
 * log, and the {@link UpstreamSide} the upstream. While the log side delivers, this instance may lead: then the
 * upstream side appends to the log.
 *
 * The sides take turns without a loss:
 * - The log can't be used any more: the upstream side delivers. A leader's reader stays open, and any other instance
 *   opens a reader at the last id.
 * - The log can be used again: if nobody leads, the reader begins to append, and the log side delivers. Otherwise the
 *   feed moves to the log at an event that both have, and the reader is closed.
 */
export class RelayCall
  implements UpstreamConnection, RelayListener, UpstreamSideListener, LogSideListener, PlaceListener
{
  readonly #feed: RelayTarget;
  readonly #call: CallParts;
  readonly #log: RelayLog;
  readonly #first: FirstPlaceFinder;
  readonly #finder: PlaceFinder;
  readonly #upstreamSide: UpstreamSide;
  readonly #logSide: LogSide;
  /** The side that delivers to the feed. */
  #activeSide: 'none' | 'log' | 'upstream' = 'none';
  /** The handler was called with headers. */
  #isOpen = false;
  #isAvailable = false;
  #isClosed = false;

  constructor(feed: RelayTarget, call: CallParts) {
    this.#feed = feed;
    this.#call = call;
    const { relay, bounds, keyOf } = call.relayed;
    this.#log = relay.open(keyOf(call.request), bounds, this);
    this.#first = new FirstPlaceFinder(this.#log, feed);
    this.#finder = new PlaceFinder(this.#log, feed, this);
    this.#upstreamSide = new UpstreamSide(feed, call, this.#log, this);
    this.#logSide = new LogSide(feed, call, this.#log, this.#upstreamSide, this);
  }

  get isFlowing(): boolean {
    return !this.#logSide.isPaused;
  }

  get isFresh(): boolean {
    return this.#upstreamSide.isFresh;
  }

  get tailBefore(): LogTail | undefined {
    return this.#first.tail;
  }

  /** The role of this instance for the feed; undefined while it looks for a place in the log. */
  get role(): OpenFeed['role'] {
    if (this.#isClosed || this.#activeSide === 'none') return undefined;
    if (this.#activeSide === 'upstream') return 'alone';
    return this.#upstreamSide.isLeading ? 'leader' : 'follower';
  }

  pause(): void {
    this.#logSide.isPaused = true;
    this.#flow();
  }

  resume(): void {
    this.#logSide.isPaused = false;
    this.#flow();
  }

  abort(): void {
    this.#close(true);
  }

  /** Pauses or resumes the side that delivers. A leader's reader goes on for the other instances. */
  #flow(): void {
    if (this.#isClosed) return;
    if (this.#activeSide === 'log') this.#logSide.flow();
    else if (this.#activeSide === 'upstream') this.#upstreamSide.flow(this.isFlowing);
  }

  onAvailable(isAvailable: boolean): void {
    this.#isAvailable = isAvailable;
    if (isAvailable) return void this.#enter();
    this.#stopSearch();
    this.#upstreamSide.dropClaim();
    if (this.#activeSide === 'log') this.#leaveLog();
    else if (this.#activeSide === 'none') this.readAlone();
  }

  /** Looks for a place in the log. */
  async #enter(): Promise<void> {
    if (!this.#isAvailable || this.#isClosed || this.#activeSide === 'log') return;
    if (this.#activeSide === 'upstream') return this.#isOpen ? this.#finder.begin() : undefined;
    // A browser with an id of the proxy's own that the log doesn't hold is sent a gap, so its feed may join live.
    const joinsLive = this.#call.relayed.joinsLive || this.#feed.lastOwnId !== '';
    const outcome = await this.#first.find(joinsLive);
    if (this.#isClosed || this.#activeSide !== 'none' || !outcome) return;
    if (outcome === 'busy') return this.readAlone();
    if (outcome !== 'vacant') return this.#openLog(outcome);
    const leads = await this.#upstreamSide.claim(() => !this.#isClosed && this.#activeSide === 'none');
    if (!leads) await this.#enter();
  }

  /** The feed begins in the log. */
  #openLog(found: FoundPlace): void {
    this.#setPlace(found);
    this.#open({});
    if (found.state) this.#feed.relayState(found.state.state, found.state.since);
    this.#flow();
  }

  /** The feed has read alone, and goes on in the log. */
  onPlace(found: FoundPlace, repeats: boolean): void {
    if (this.#isClosed || this.#activeSide !== 'upstream') return;
    this.#upstreamSide.close();
    this.#setPlace(found);
    this.#feed.relayState(found.state?.state ?? 'restored', found.state?.since ?? Date.now());
    if (repeats) this.#feed.changeConnection();
    this.#flow();
  }

  #setPlace({ place, last }: FoundPlace): void {
    this.#activeSide = 'log';
    this.#logSide.begin(place);
    if (!last) return;
    this.#feed.beginAfter(last);
    this.#call.relayed.onTip(last);
  }

  /** The log can't be used, or its entries don't continue those before: goes on without it. */
  #leaveLog(): void {
    this.#activeSide = 'upstream';
    this.#logSide.stop();
    const missed = this.#upstreamSide.leaveLog(this.#logSide.position);
    if (missed) for (const entry of missed) this.#logSide.onOwn(entry);
    else this.#feed.dropHeld();
    if (this.#isClosed) return;
    this.#upstreamSide.reconnect();
    this.#flow();
  }

  /** The log continues after something that the feed doesn't have: looks for another place. */
  onBreak(): void {
    this.#leaveLog();
    void this.#enter();
  }

  /** Reads the upstream without the log. */
  readAlone(): void {
    if (this.#isClosed) return;
    this.#activeSide = 'upstream';
    this.#upstreamSide.connect(!this.#isOpen && this.#feed.lastId === '');
  }

  #stopSearch(): void {
    this.#first.stop();
    this.#finder.stop();
  }

  onTrimmed(): void {
    if (this.#activeSide !== 'log') return this.#finder.onTrimmed();
    this.#upstreamSide.giveUp();
    this.onBreak();
  }

  onDeposed(): void {
    this.#upstreamSide.dropClaim();
    if (this.#upstreamSide.isLeading) this.onBreak();
  }

  onVacant(): void {
    if (this.#activeSide === 'none') return this.#first.onVacant();
    const { position } = this.#logSide;
    const isReady = () => !this.#isClosed && this.#feed.isSettled;
    if (this.#activeSide === 'upstream')
      void this.#upstreamSide
        .lead(() => isReady() && this.#activeSide === 'upstream' && this.#isAvailable && this.#isOpen)
        .then((leads) => leads && this.#flow());
    // A feed that is ahead of the log can't go on there, and one that has no id to continue from would skip events.
    else if (!this.#feed.isSettled || this.#feed.isTailUnknown) this.onBreak();
    else {
      const isAtTail = () => this.#logSide.canReceive && position === this.#logSide.position;
      void this.#upstreamSide.succeed(position, () => isReady() && isAtTail());
    }
  }

  onEntries(entries: readonly RelayEntry[]): void {
    if (this.#activeSide === 'none') this.#first.onEntries(entries);
    else if (this.#activeSide === 'upstream') this.#finder.onEntries(entries);
    else this.#logSide.onEntries(entries);
  }

  onStored(): void {
    this.#upstreamSide.onStored();
  }

  onEnded(end: RelayedEnd): void {
    this.#close(false);
    this.#feed.relayEnd(end);
  }

  onLead(tail: RelayPosition): void {
    this.#stopSearch();
    this.#activeSide = 'log';
    this.#logSide.begin({ position: tail, rest: undefined });
  }

  onReaderConnected(): void {
    if (!this.#isOpen) this.#call.handler.onConnected();
  }

  onReaderOpen(headers: IncomingHttpHeaders): void {
    this.#open(headers);
    this.#flow();
    if (this.#activeSide === 'upstream' && this.#isAvailable) void this.#enter();
  }

  onReaderRefused(error: SseProxyError): void {
    this.#close(false);
    this.#call.handler.onError(error);
  }

  onRead(content: RelayContent): void {
    this.#logSide.onOwn(content);
    if (this.#activeSide === 'upstream' && content.data.length > 0) this.#finder.onReceived();
  }

  onMoved(): void {
    if (this.#isClosed) return;
    this.#close(true);
    this.#call.handler.onError(movedError());
  }

  #open(headers: IncomingHttpHeaders): void {
    this.#isOpen = true;
    this.#call.handler.onHeaders(headers);
  }

  /** `isLeaving`: the feed goes on elsewhere. */
  #close(isLeaving: boolean): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#stopSearch();
    this.#logSide.stop();
    this.#upstreamSide.end(isLeaving);
    this.#log.close();
  }
}
