import type { IncomingHttpHeaders } from 'node:http';
import { SseProxyError } from '../../errors.ts';
import type { UpstreamState } from '../../sse/events.ts';
import type { CloseReason, RelayContent } from '../../types.ts';
import type { UpstreamRequest } from '../../upstream/upstream.ts';
import { EventNumbers } from '../event-numbers.ts';
import type { Gap } from '../feed-parts.ts';
import { ReaderFeed, type ReaderListener } from './reader-feed.ts';
import { dataEntry, endMeta, metaEntry } from './relay-meta.ts';
import type { CallParts, RelayTarget } from './relay-parts.ts';

/** Receives what an {@link OwnReader} reads. */
export interface OwnReaderListener {
  /** The first connection is established, and the response is still to come. */
  onReaderConnected(): void;
  /** The upstream has accepted the first request. */
  onReaderOpen(headers: IncomingHttpHeaders): void;
  /** The upstream has refused the first request. */
  onReaderRefused(error: SseProxyError): void;
  /** The upstream has accepted the request of a resume. */
  onReaderResumed(): void;
  /** Events, a gap, or the upstream's state: for the log, or for the feed. */
  onRead(content: RelayContent): void;
  /** The upstream has ended: `content` tells why. Nothing follows. */
  onReadEnd(content: RelayContent): void;
  /** The hooks make the request of another feed now. */
  onMoved(): void;
}

/** The upstream connection that this instance has for a relayed feed: at most one at a time. */
export class OwnReader implements ReaderListener {
  readonly #feed: RelayTarget;
  readonly #call: CallParts;
  readonly #listener: OwnReaderListener;
  #reader: ReaderFeed | undefined;
  #numbers: EventNumbers | undefined;
  #isFresh = false;

  constructor(feed: RelayTarget, call: CallParts, listener: OwnReaderListener) {
    this.#feed = feed;
    this.#call = call;
    this.#listener = listener;
  }

  get isOpen(): boolean {
    return this.#reader !== undefined;
  }

  /** True if it reads what the upstream sends to a new listener, without an interruption so far. */
  get isFresh(): boolean {
    return this.#isFresh;
  }

  /** Sends the first request. The reader is paused. `isFresh`: no browser of the feed has received anything. */
  connect(isFresh: boolean): void {
    const reader = this.#open();
    this.#isFresh = isFresh;
    reader.pause();
    reader.connect(withoutCursor(this.#call.request)).then(
      (headers) => reader === this.#reader && this.#listener.onReaderOpen(headers ?? {}),
      (error: SseProxyError) => reader === this.#reader && this.#listener.onReaderRefused(error),
    );
  }

  /** Continues after the last event that the feed has. */
  reconnect(): void {
    this.#open().reconnect(undefined, this.#feed.status === 'lost');
  }

  pause(): void {
    this.#reader?.pause();
  }

  resume(): void {
    this.#reader?.resume();
  }

  close(): void {
    this.#reader?.close();
    this.#reader = undefined;
  }

  #open(): ReaderFeed {
    const { parts, relayed, request: first } = this.#call;
    const key = relayed.keyOf(first);
    const prepare = async () => {
      const request = await parts.prepare();
      if (relayed.keyOf(request) !== key) this.#listener.onMoved();
      return request;
    };
    const reader = new ReaderFeed({ ...parts, prepare }, this.#feed.lastId, this);
    reader.copyDelivered(this.#feed);
    this.#reader = reader;
    this.#numbers = relayed.ids && new EventNumbers();
    this.#isFresh = false;
    return reader;
  }

  onConnected(): void {
    this.#listener.onReaderConnected();
  }

  onReconnected(): void {
    this.#isFresh = false;
    this.#listener.onReaderResumed();
  }

  onFrames(bytes: Buffer, events: number): void {
    this.#listener.onRead(dataEntry(bytes, this.#numbers?.next(events)));
  }

  onGap(gap: Gap): void {
    this.#listener.onRead(metaEntry({ gap }));
  }

  onState(state: UpstreamState, since: number): void {
    this.#listener.onRead(metaEntry({ state: { state, since } }));
  }

  onEnd(reason: CloseReason, error: SseProxyError | undefined): void {
    this.close();
    this.#listener.onReadEnd(metaEntry(endMeta(reason, error)));
  }
}

/** The error with which a feed leaves the log of a request that its hooks don't make any more. */
export function movedError(): SseProxyError {
  const message = 'the request of the shared feed has changed';
  return new SseProxyError('ERR_SSE_UPSTREAM_BROKEN', { message });
}

/** The feed that reads the upstream adds the id itself. */
function withoutCursor(request: UpstreamRequest): UpstreamRequest {
  const { headers } = request;
  return headers.at(-2) === 'last-event-id' ? { ...request, headers: headers.slice(0, -2) } : request;
}
