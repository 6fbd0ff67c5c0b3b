import type { IncomingHttpHeaders } from 'node:http';
import { SseProxyError } from '../../errors.ts';
import type { UpstreamState } from '../../sse/events.ts';
import type { CloseReason, RelayContent } from '../../types.ts';
import type { UpstreamRequest } from '../../upstream/upstream.ts';
import { EventNumbers } from '../event-numbers.ts';
import type { Gap } from '../feed-parts.ts';
import { dataEntry, endMeta, metaEntry } from './relay-meta.ts';
import type { CallParts, RelayTarget } from './relay-parts.ts';
import { UpstreamFeed, type UpstreamFeedListener } from './upstream-feed.ts';

/** Receives what an {@link UpstreamReader} reads. */
export interface UpstreamReaderListener {
  /** The first connection is established, and the response has not arrived yet. */
  onReaderConnected(): void;
  /** The upstream has accepted the first request. */
  onReaderOpen(headers: IncomingHttpHeaders): void;
  /** The upstream has refused the first request. */
  onReaderRefused(error: SseProxyError): void;
  /** The upstream has accepted the request of a resume. */
  onReaderResumed(): void;
  /** Events, a gap, or the upstream's state: for the log, or for the feed. */
  onRead(content: RelayContent): void;
  /** The upstream has ended, for the reason in `content`. Nothing follows. */
  onReadEnd(content: RelayContent): void;
  /** The hooks now make a request that belongs to another feed. */
  onMoved(): void;
}

/**
 * Opens and closes the {@link UpstreamFeed} of this instance, at most one at a time, and makes entries of what it
 * reads.
 */
export class UpstreamReader implements UpstreamFeedListener {
  readonly #feed: RelayTarget;
  readonly #call: CallParts;
  readonly #listener: UpstreamReaderListener;
  #upstreamFeed: UpstreamFeed | undefined;
  #numbers: EventNumbers | undefined;
  #isFresh = false;

  constructor(feed: RelayTarget, call: CallParts, listener: UpstreamReaderListener) {
    this.#feed = feed;
    this.#call = call;
    this.#listener = listener;
  }

  get isOpen(): boolean {
    return this.#upstreamFeed !== undefined;
  }

  /** True if everything that was read is what the upstream sends to a new listener, without an interruption. */
  get isFresh(): boolean {
    return this.#isFresh;
  }

  /** Sends the first request. The reader is paused. `isFresh`: no browser of the feed has received anything. */
  connect(isFresh: boolean): void {
    const upstreamFeed = this.#open();
    this.#isFresh = isFresh;
    upstreamFeed.pause();
    upstreamFeed.connect(withoutCursor(this.#call.request)).then(
      (headers) => upstreamFeed === this.#upstreamFeed && this.#listener.onReaderOpen(headers ?? {}),
      (error: SseProxyError) => upstreamFeed === this.#upstreamFeed && this.#listener.onReaderRefused(error),
    );
  }

  /** Continues after the last event that the feed has. */
  reconnect(): void {
    this.#open().reconnect(undefined, this.#feed.status === 'lost');
  }

  pause(): void {
    this.#upstreamFeed?.pause();
  }

  resume(): void {
    this.#upstreamFeed?.resume();
  }

  close(): void {
    this.#upstreamFeed?.close();
    this.#upstreamFeed = undefined;
  }

  #open(): UpstreamFeed {
    const { parts, relayed, request: first } = this.#call;
    const key = relayed.keyOf(first);
    const prepare = async () => {
      const request = await parts.prepare();
      if (relayed.keyOf(request) !== key) this.#listener.onMoved();
      return request;
    };
    const upstreamFeed = new UpstreamFeed({ ...parts, prepare }, this.#feed.lastId, this);
    upstreamFeed.copyDelivered(this.#feed);
    this.#upstreamFeed = upstreamFeed;
    this.#numbers = relayed.ids && new EventNumbers();
    this.#isFresh = false;
    return upstreamFeed;
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

/** The error with which a feed leaves a log because its hooks no longer make the request of that log. */
export function movedError(): SseProxyError {
  const message = 'the request of the shared feed has changed';
  return new SseProxyError('ERR_SSE_UPSTREAM_BROKEN', { message });
}

/** The {@link UpstreamFeed} adds the id itself. */
function withoutCursor(request: UpstreamRequest): UpstreamRequest {
  const { headers } = request;
  return headers.at(-2) === 'last-event-id' ? { ...request, headers: headers.slice(0, -2) } : request;
}
