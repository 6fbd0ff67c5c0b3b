import { SseProxyError } from '../../errors.ts';
import type { RelayContent, RelayEntry, RelayListener, RelayLog } from '../../types.ts';
import type { UpstreamConnection } from '../../upstream/upstream.ts';
import type { Gap } from '../feed-parts.ts';
import { type BeginningFeed, FirstPlaceFinder } from './first-place.ts';
import { LogDelivery, type LogReceiver } from './log-delivery.ts';
import { readMeta } from './relay-meta.ts';
import type { CallParts } from './relay-parts.ts';

/** The feed of a {@link BackfillCall}. */
export interface BackfillTarget extends BeginningFeed {
  /** Events, and the proxy's own id of the first of them. */
  onEvents(data: Buffer, ids: string | undefined): void;
  relayGap(gap: Gap): void;
}

/**
 * The connection of a {@link BackfillTarget}: delivers the log from the browser's id on. If the log doesn't hold the
 * id, or can't be used, it connects to the upstream instead. An id of the proxy's own means nothing to the upstream:
 * then it calls `RelayParts.onUnknown()`.
 */
export class BackfillCall implements UpstreamConnection, RelayListener, LogReceiver {
  readonly #feed: BackfillTarget;
  readonly #call: CallParts;
  readonly #log: RelayLog;
  readonly #first: FirstPlaceFinder;
  readonly #delivery: LogDelivery;
  /** Set once the log can't serve the feed. */
  #upstream: UpstreamConnection | undefined;
  /** True once the feed has a place in the log. */
  #isPlaced = false;
  #isPaused = false;
  #isClosed = false;

  constructor(feed: BackfillTarget, call: CallParts) {
    this.#feed = feed;
    this.#call = call;
    const { relay, bounds, keyOf } = call.relayed;
    this.#log = relay.open(keyOf(call.request), bounds, this);
    this.#first = new FirstPlaceFinder(this.#log, feed);
    this.#delivery = new LogDelivery(this.#log, this);
  }

  get canReceive(): boolean {
    return this.#isPlaced && !this.#isPaused && !this.#isClosed;
  }

  pause(): void {
    this.#isPaused = true;
    this.#upstream?.pause();
    this.#flow();
  }

  resume(): void {
    this.#isPaused = false;
    this.#upstream?.resume();
    this.#flow();
  }

  abort(fault?: SseProxyError): void {
    this.#close();
    this.#upstream?.abort(fault);
  }

  onAvailable(isAvailable: boolean): void {
    if (this.#isPlaced) this.#break();
    else if (isAvailable) void this.#find();
    else this.#askUpstream();
  }

  async #find(): Promise<void> {
    const found = await this.#first.find(false);
    if (this.#isClosed || this.#isPlaced) return;
    if (typeof found !== 'object') return this.#askUpstream();
    this.#isPlaced = true;
    this.#delivery.moveTo(found.place);
    this.#call.handler.onHeaders({});
    this.#flow();
  }

  #askUpstream(): void {
    if (this.#isClosed) return;
    this.#close();
    const { parts, relayed, request, handler } = this.#call;
    if (relayed.ids) return relayed.onUnknown?.();
    this.#upstream = parts.upstream.open(request, handler);
    if (this.#isPaused) this.#upstream.pause();
  }

  #flow(): void {
    if (this.#isPlaced && !this.#isClosed) this.#delivery.flow();
  }

  onEntries(entries: readonly RelayEntry[]): void {
    if (!this.#isPlaced) this.#first.onEntries(entries);
    else if (!this.#delivery.deliver(entries)) this.#flow();
  }

  onEntry({ position, meta, data }: RelayEntry): void {
    const { ids, start, gap } = readMeta(meta);
    if (start && start.tail !== this.#delivery.position) return this.#break();
    this.#delivery.position = position;
    if (data.length > 0) this.#feed.onEvents(data, ids);
    if (gap) this.#feed.relayGap(gap);
  }

  onRest({ meta, data }: RelayContent): void {
    this.#feed.onEvents(data, readMeta(meta).ids);
  }

  onTrimmed(): void {
    if (this.#isPlaced) this.#break();
  }

  onVacant(): void {
    this.#first.onVacant();
  }

  onDeposed(): void {}
  onStored(): void {}

  /** The log can't be read any further: the feed reconnects, after the last event that it has. */
  #break(): void {
    if (this.#isClosed) return;
    this.#close();
    const message = "the log can't be read any further";
    this.#call.handler.onError(new SseProxyError('ERR_SSE_UPSTREAM_BROKEN', { message }));
  }

  #close(): void {
    this.#isClosed = true;
    this.#first.stop();
    this.#log.close();
  }
}
