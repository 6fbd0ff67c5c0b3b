import { SseProxyError } from '../../errors.ts';
import type { RelayEntry, RelayListener, RelayLog, RelayPosition } from '../../types.ts';
import type { UpstreamConnection } from '../../upstream/upstream.ts';
import { type PlacedFeed, PlaceFinder } from './place-finder.ts';
import { readMeta } from './relay-meta.ts';
import type { CallParts } from './relay-parts.ts';

/** The feed of a {@link ReplayCall}. */
export interface ReplayTarget extends PlacedFeed {
  onData(chunk: Buffer): void;
}

/**
 * The connection of a backfill: the log from the browser's id on. If the log does not hold the id, or can't be used, it is a
 * connection of the upstream.
 */
export class ReplayCall implements UpstreamConnection, RelayListener {
  readonly #feed: ReplayTarget;
  readonly #call: CallParts;
  readonly #log: RelayLog;
  readonly #finder: PlaceFinder;
  /** Set once the log can't serve the feed. */
  #upstream: UpstreamConnection | undefined;
  /** The last entry that the feed has received; undefined before it has a place in the log. */
  #position: RelayPosition | undefined;
  #rest: Buffer | undefined;
  #isPaused = false;
  /** True while entries of the log are passed on. */
  #isDelivering = false;
  #isClosed = false;

  constructor(feed: ReplayTarget, call: CallParts) {
    this.#feed = feed;
    this.#call = call;
    const { relay, bounds, keyOf } = call.relayed;
    this.#log = relay.open(keyOf(call.request), bounds, this);
    this.#finder = new PlaceFinder(this.#log, feed, { isFlowing: true, isFresh: false, onPlace() {}, onVacant() {} });
  }

  pause(): void {
    this.#isPaused = true;
    this.#upstream?.pause();
    this.#log.unfollow();
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
    if (this.#position !== undefined) this.#break();
    else if (isAvailable) void this.#find();
    else this.#askUpstream();
  }

  async #find(): Promise<void> {
    const found = await this.#finder.first(false);
    if (this.#isClosed || this.#position !== undefined) return;
    if (typeof found !== 'object') return this.#askUpstream();
    this.#position = found.place.position;
    this.#rest = found.place.rest;
    this.#call.handler.onHeaders({});
    this.#flow();
  }

  #askUpstream(): void {
    if (this.#isClosed) return;
    this.#close();
    const { parts, request, handler } = this.#call;
    this.#upstream = parts.upstream.open(request, handler);
    if (this.#isPaused) this.#upstream.pause();
  }

  #flow(): void {
    // Entries that are being delivered must not be delivered again.
    if (this.#isClosed || this.#isPaused || this.#isDelivering || this.#position === undefined) return;
    const rest = this.#rest;
    this.#rest = undefined;
    if (rest) this.#feed.onData(rest);
    if (!this.#isPaused && !this.#isClosed) this.#log.follow(this.#position);
  }

  onEntries(entries: readonly RelayEntry[]): void {
    this.#isDelivering = true;
    for (const entry of entries) {
      this.#receive(entry);
      if (this.#isPaused || this.#isClosed) break;
    }
    this.#isDelivering = false;
    if (this.#position !== entries.at(-1)?.position) this.#flow();
  }

  #receive({ position, meta, data }: RelayEntry): void {
    const { start, gap } = readMeta(meta);
    if (start && start.tail !== this.#position) return this.#break();
    this.#position = position;
    if (data.length > 0) this.#feed.onData(data);
    if (gap) this.#feed.relayGap(gap);
  }

  onTrimmed(): void {
    this.#break();
  }

  onVacant(): void {}
  onDeposed(): void {}
  onStored(): void {}

  /** The feed connects again, behind the last event that it has. */
  #break(): void {
    if (this.#isClosed) return;
    this.#close();
    const message = 'the log can not be read any further';
    this.#call.handler.onError(new SseProxyError('ERR_SSE_UPSTREAM_BROKEN', { message }));
  }

  #close(): void {
    this.#isClosed = true;
    this.#finder.stop();
    this.#log.close();
  }
}
