import type { IncomingHttpHeaders } from 'node:http';
import { SseProxyError } from '../../errors.ts';
import type { UpstreamState } from '../../sse/events.ts';
import type { CloseReason, RelayContent, RelayEntry, RelayListener, RelayLog, RelayPosition } from '../../types.ts';
import type { UpstreamConnection, UpstreamHandler, UpstreamRequest } from '../../upstream/upstream.ts';
import type { FeedParts, Gap } from '../feed-parts.ts';
import { FirstPlaceFinder, type FoundPlace, type LogTail } from './first-place.ts';
import { Leadership } from './leadership.ts';
import { LogDelivery, type LogReceiver } from './log-delivery.ts';
import { PlaceFinder, type PlaceListener } from './place-finder.ts';
import { ReaderFeed, type ReaderListener } from './reader-feed.ts';
import { endMeta, metaEntry, type RelayMeta, readMeta } from './relay-meta.ts';
import type { CallParts, RelayParts, RelayTarget } from './relay-parts.ts';

/**
 * The connection of a relayed feed. Its events come from one of two sources: from the log, or from a reader of its
 * own. With the log as the source, this instance may lead: then its reader appends to the log.
 *
 * The source changes without a loss:
 * - The log can't be used any more: a leader's reader, which goes on, becomes the source. Another instance opens a reader at
 *   the last id.
 * - It can be used again: if nobody leads, the reader begins to append, and the log is the source. Otherwise the feed moves
 *   to the log at an event that both have, and the reader is closed.
 */
export class RelayCall implements UpstreamConnection, RelayListener, ReaderListener, PlaceListener, LogReceiver {
  readonly #feed: RelayTarget;
  readonly #parts: FeedParts;
  readonly #relayed: RelayParts;
  readonly #request: UpstreamRequest;
  readonly #key: string;
  readonly #handler: UpstreamHandler;
  readonly #log: RelayLog;
  readonly #first: FirstPlaceFinder;
  readonly #finder: PlaceFinder;
  readonly #delivery: LogDelivery;
  readonly #leadership: Leadership;
  #source: 'none' | 'log' | 'reader' = 'none';
  #reader: ReaderFeed | undefined;
  /** The newest entry when this instance began to lead, until it appends its start: once the upstream is connected. */
  #claim: RelayPosition | undefined;
  /** The handler was called with headers. */
  #isOpen = false;
  #isAvailable = false;
  #isPaused = false;
  #isClosed = false;
  /** True while hooks are called for the browsers of this instance: they must not be sent anything meanwhile. */
  #isChecking = false;
  /** See {@link PlaceListener}. */
  #isFresh = false;

  constructor(feed: RelayTarget, { parts, relayed, request, handler }: CallParts) {
    this.#feed = feed;
    this.#parts = parts;
    this.#relayed = relayed;
    this.#request = withoutCursor(request);
    this.#handler = handler;
    this.#key = relayed.keyOf(request);
    this.#log = relayed.relay.open(this.#key, relayed.bounds, this);
    this.#first = new FirstPlaceFinder(this.#log, feed);
    this.#finder = new PlaceFinder(this.#log, feed, this);
    this.#delivery = new LogDelivery(this.#log, this);
    this.#leadership = new Leadership(this.#log);
  }

  get isFlowing(): boolean {
    return !this.#isPaused;
  }

  get isFresh(): boolean {
    return this.#isFresh;
  }

  get tailBefore(): LogTail | undefined {
    return this.#first.tail;
  }

  pause(): void {
    this.#isPaused = true;
    this.#flow();
  }

  resume(): void {
    this.#isPaused = false;
    this.#flow();
  }

  abort(): void {
    this.#close({ left: true });
  }

  /** Applies the pause to the source. A leader's reader goes on for the other instances. */
  #flow(): void {
    if (this.#isClosed) return;
    if (this.#source === 'reader') {
      if (this.#isPaused) this.#reader?.pause();
      else this.#reader?.resume();
    }
    if (this.#source === 'log') this.#delivery.flow();
  }

  get canReceive(): boolean {
    return this.#source === 'log' && !this.#isPaused && !this.#isChecking && !this.#isClosed;
  }

  // The log

  onAvailable(isAvailable: boolean): void {
    this.#isAvailable = isAvailable;
    if (isAvailable) return void this.#enter();
    this.#stopSearch();
    this.#claim = undefined;
    if (this.#source === 'log') this.#leaveLog();
    else if (this.#source === 'none') this.#readAlone();
  }

  /** Looks for a place in the log. */
  async #enter(): Promise<void> {
    if (!this.#isAvailable || this.#isClosed || this.#source === 'log') return;
    if (this.#source === 'reader') return this.#isOpen ? this.#finder.begin() : undefined;
    const outcome = await this.#first.find(this.#relayed.joinsLive);
    if (this.#isClosed || this.#source !== 'none' || !outcome) return;
    if (outcome === 'vacant') return this.#claimFirst();
    if (outcome === 'busy') return this.#readAlone();
    this.#openLog(outcome);
  }

  /** The feed begins in the log. */
  #openLog(found: FoundPlace): void {
    const { state } = found;
    this.#setPlace(found);
    this.#open({});
    if (state) this.#feed.relayState(state.state, state.since);
    this.#flow();
  }

  /** The feed has read alone, and goes on in the log. */
  onPlace(found: FoundPlace, repeats: boolean): void {
    if (this.#isClosed || this.#source !== 'reader') return;
    this.#closeReader();
    this.#setPlace(found);
    const { state } = found;
    this.#feed.relayState(state?.state ?? 'restored', state?.since ?? Date.now());
    if (repeats) this.#feed.changeConnection();
    this.#flow();
  }

  #setPlace({ place, last }: FoundPlace): void {
    this.#source = 'log';
    this.#delivery.moveTo(place);
    if (!last) return;
    this.#feed.beginAfter(last);
    this.#relayed.onTip(last.id);
  }

  /** The log can't be used, or its entries don't continue those before: goes on without it. */
  #leaveLog(): void {
    const missed = this.#leadership.appendedAfter(this.#delivery.position);
    this.#leadership.stop();
    this.#source = 'reader';
    this.#delivery.stop();
    if (missed) for (const entry of missed) this.#deliver(entry);
    else {
      this.#closeReader();
      this.#feed.dropHeld();
    }
    if (this.#isClosed) return;
    if (!this.#reader) this.#openReader().reconnect(undefined, this.#feed.status === 'lost');
    this.#flow();
  }

  #stopSearch(): void {
    this.#first.stop();
    this.#finder.stop();
  }

  #rejoin(): void {
    this.#leaveLog();
    void this.#enter();
  }

  onTrimmed(): void {
    if (this.#source === 'log') this.#rejoin();
    else this.#finder.onTrimmed();
  }

  onDeposed(): void {
    this.#claim = undefined;
    if (this.#leadership.isActive) this.#rejoin();
  }

  onVacant(): void {
    if (this.#source === 'reader') void this.#leadAlone();
    else if (this.#source === 'none') this.#first.onVacant();
    // A feed that is ahead of the log can't go on there.
    else if (!this.#feed.isSettled) this.#rejoin();
    else void this.#succeed();
  }

  onEntries(entries: readonly RelayEntry[]): void {
    if (this.#source === 'none') this.#first.onEntries(entries);
    else if (this.#source === 'reader') this.#finder.onEntries(entries);
    else if (!this.#delivery.deliver(entries)) this.#flow();
  }

  onEntry(entry: RelayEntry): void {
    const { start } = readMeta(entry.meta);
    if (start && !this.#leadership.isOwnStart(entry.position)) {
      // The log was emptied, or its last entries were lost with a server: the leader has begun anew.
      if (start.tail !== this.#delivery.position) return this.#rejoin();
      // This instance led, and does not know yet that it leads no longer.
      if (this.#leadership.isActive) this.#closeReader();
      this.#leadership.stop();
    }
    this.#delivery.position = entry.position;
    this.#leadership.onReceived(entry.position);
    this.#deliver(entry);
  }

  onRest(bytes: Buffer): void {
    this.#feed.onData(bytes);
  }

  onStored(): void {
    if (this.#leadership.isActive && !this.#leadership.isFull) this.#reader?.resume();
  }

  #deliver({ meta, data }: RelayContent): void {
    if (data.length > 0) this.#feed.onData(data);
    if (meta === '') return;
    const { gap, state, connected, end, left } = readMeta(meta);
    if (connected && !this.#leadership.isActive) void this.#checkRequest();
    if (gap) this.#feed.relayGap(gap);
    if (state) this.#feed.relayState(state.state, state.since);
    if (left && !this.#leadership.isActive) this.onVacant();
    if (!end) return;
    this.#close(undefined);
    this.#feed.relayEnd(end);
  }

  /** The leader's hooks were called at its connect: those of this instance are called too [R51]. */
  async #checkRequest(): Promise<void> {
    this.#isChecking = true;
    this.#flow();
    const request = await this.#parts.prepare().catch(() => undefined);
    this.#isChecking = false;
    if (request && this.#relayed.keyOf(request) !== this.#key) return this.#onMoved();
    this.#flow();
  }

  // Leading

  /** Nobody leads: this instance reads the upstream for all. */
  async #claimFirst(): Promise<void> {
    const tail = await this.#leadership.acquire();
    if (tail === undefined) return this.#enter();
    if (this.#isClosed || this.#source !== 'none') return this.#leadership.giveUp();
    this.#claim = tail;
    this.#readAlone();
  }

  /** The leader is gone, and the feed has received everything that it appended: this instance goes on. */
  async #succeed(): Promise<void> {
    const { isActive, isAcquiring } = this.#leadership;
    if (isActive || isAcquiring || this.#isPaused || !this.#feed.isSettled) return;
    const tail = await this.#leadership.acquire(this.#delivery.position);
    if (tail === undefined) return;
    if (this.#source !== 'log' || this.#isClosed || this.#isPaused || tail !== this.#delivery.position)
      return this.#leadership.giveUp();
    this.#begin(tail, false);
    this.#openReader().reconnect(undefined, this.#feed.status === 'lost');
  }

  /** This instance reads alone, and nobody leads: what it reads goes to the log from now on. */
  async #leadAlone(): Promise<void> {
    const { isActive, isAcquiring } = this.#leadership;
    if (isActive || isAcquiring || this.#source !== 'reader' || !this.#isOpen || !this.#feed.isSettled) return;
    const tail = await this.#leadership.acquire();
    if (tail === undefined) return;
    const canLead = this.#isAvailable && this.#source === 'reader' && !this.#isClosed && this.#feed.isSettled;
    if (!canLead || !this.#reader) return this.#leadership.giveUp();
    this.#begin(tail, true);
    this.#reader.resume();
    this.#flow();
  }

  /** Begins to append. `isReset`: what the log holds does not continue into what follows. */
  #begin(tail: RelayPosition, isReset: boolean): void {
    this.#stopSearch();
    this.#source = 'log';
    this.#delivery.moveTo({ position: tail, rest: undefined });
    const { lastId: cursor, isUntouched } = this.#feed;
    this.#leadership.begin(tail, { cursor, isFresh: this.#isFresh && isUntouched }, isReset);
    if (this.#leadership.isFull) this.#reader?.pause();
  }

  #append(content: RelayContent): void {
    this.#leadership.append(content);
    if (this.#leadership.isFull) this.#reader?.pause();
  }

  // The reader

  /** Reads the upstream without the log. */
  #readAlone(): void {
    if (this.#isClosed) return;
    this.#source = 'reader';
    const reader = this.#openReader();
    this.#isFresh = !this.#isOpen && this.#feed.lastId === '';
    reader.pause();
    reader.connect(this.#request).then(
      (headers) => reader === this.#reader && this.#onReaderOpen(headers ?? {}),
      (error: SseProxyError) => {
        if (reader !== this.#reader) return;
        if (this.#claim !== undefined) this.#leadership.giveUp();
        this.#close(undefined);
        this.#handler.onError(error);
      },
    );
  }

  #onReaderOpen(headers: IncomingHttpHeaders): void {
    const claim = this.#claim;
    this.#claim = undefined;
    if (claim !== undefined) {
      this.#begin(claim, true);
      this.#reader?.resume();
    }
    this.#open(headers);
    this.#flow();
    if (claim === undefined && this.#isAvailable) void this.#enter();
  }

  #open(headers: IncomingHttpHeaders): void {
    this.#isOpen = true;
    this.#handler.onHeaders(headers);
  }

  #openReader(): ReaderFeed {
    const prepare = async () => {
      const request = await this.#parts.prepare();
      if (this.#relayed.keyOf(request) !== this.#key) this.#onMoved();
      return request;
    };
    const reader = new ReaderFeed({ ...this.#parts, prepare }, this.#feed.lastId, this);
    reader.copyDelivered(this.#feed);
    this.#reader = reader;
    this.#isFresh = false;
    return reader;
  }

  /** The hooks make another request now: the feed opens the log of that one. */
  #onMoved(): void {
    if (this.#isClosed) return;
    this.#close({ left: true });
    const message = 'the request of the shared feed has changed';
    this.#handler.onError(new SseProxyError('ERR_SSE_UPSTREAM_BROKEN', { message }));
  }

  #closeReader(): void {
    this.#reader?.close();
    this.#reader = undefined;
  }

  onConnected(): void {
    if (!this.#isOpen) this.#handler.onConnected();
  }

  onReconnected(): void {
    this.#isFresh = false;
    if (this.#leadership.isActive) this.#append(metaEntry({ connected: true }));
  }

  onFrames(data: Buffer): void {
    if (this.#leadership.isActive) return this.#append({ meta: '', data });
    this.#feed.onData(data);
    if (this.#source === 'reader') this.#finder.onReceived();
  }

  onGap(gap: Gap): void {
    this.#tell({ gap });
  }

  onState(state: UpstreamState, since: number): void {
    this.#tell({ state: { state, since } });
  }

  #tell(meta: RelayMeta): void {
    const entry = metaEntry(meta);
    if (this.#leadership.isActive) this.#append(entry);
    else this.#deliver(entry);
  }

  onEnd(reason: CloseReason, error: SseProxyError | undefined): void {
    this.#closeReader();
    const entry = metaEntry(endMeta(reason, error));
    if (this.#leadership.isActive) this.#leadership.release(entry);
    else this.#deliver(entry);
  }

  #close(meta: RelayMeta | undefined): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#stopSearch();
    const leads = this.#leadership.isActive || this.#claim !== undefined;
    this.#closeReader();
    if (leads && meta) this.#log.release(metaEntry(meta));
    this.#log.close();
  }
}

/** The feed that reads the upstream adds the id itself. */
function withoutCursor(request: UpstreamRequest): UpstreamRequest {
  const { headers } = request;
  return headers.at(-2) === 'last-event-id' ? { ...request, headers: headers.slice(0, -2) } : request;
}
