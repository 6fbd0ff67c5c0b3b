import type { IncomingHttpHeaders } from 'node:http';
import { SseProxyError } from '../errors.ts';
import { isHeaderValue } from '../http.ts';
import type { HeartbeatMember } from '../lifecycle/heartbeat.ts';
import { Framer, type FrameSink } from '../sse/framer.ts';
import type { CloseReason, GapReason } from '../types.ts';
import type { UpstreamConnection, UpstreamEvents, UpstreamRequest } from '../upstream/upstream.ts';
import type { FeedParts, FeedSink } from './feed-parts.ts';
import { ReconnectTimer } from './reconnect-timer.ts';
import { ReplayFilter } from './replay-filter.ts';

/** Who waits for the answer to a request. */
interface PendingConnect {
  readonly onHeaders: (headers: IncomingHttpHeaders) => void;
  readonly onRefused: (error: SseProxyError) => void;
}

/** One upstream subscription: connect → frame → resume. Says what is new, in order, whole, and once. */
export class Feed implements HeartbeatMember, FrameSink, UpstreamEvents {
  readonly #parts: FeedParts;
  // What every event needs, at hand: between two events the caches are cold.
  readonly #sink: FeedSink;
  readonly #retainFrames: boolean;
  readonly #recordsFrames: boolean;
  readonly #framer: Framer;
  readonly #replayFilter: ReplayFilter;
  #cursor: string;
  #connection: UpstreamConnection | undefined;
  #waiting: PendingConnect | undefined;
  readonly #reconnectTimer = new ReconnectTimer();
  /** Whether an event came since the upstream was lost last. */
  #hasDelivered = false;
  #over = false;
  #paused = false;
  #quietBeats = 0;

  constructor(parts: FeedParts) {
    this.#parts = parts;
    this.#sink = parts.sink;
    this.#retainFrames = parts.retainFrames;
    this.#recordsFrames = parts.config.resume !== false;
    this.#cursor = parts.cursor;
    this.#framer = new Framer(this, parts.config.maxEventBytes);
    this.#replayFilter = new ReplayFilter(parts.config.maxEventBytes);
  }

  /** The first request; resolves with the upstream's headers. Frames flow at once, unless the feed is paused. */
  connect(request: UpstreamRequest): Promise<IncomingHttpHeaders> {
    return new Promise((resolve, onRefused) => {
      const onHeaders = (headers: IncomingHttpHeaders) => {
        if (this.#parts.config.idleTimeoutMs !== false) this.#parts.heartbeat.add(this);
        resolve(headers);
      };
      this.#open(request, { onHeaders, onRefused });
    });
  }

  pause(): void {
    this.#paused = true;
    this.#connection?.pause();
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#connection?.resume();
  }

  /** Ends the upstream request, whatever its phase. The sink hears nothing more. */
  close(): void {
    if (this.#over) return;
    this.#over = true;
    this.#parts.heartbeat.remove(this);
    this.#reconnectTimer.stop();
    this.#connection?.abort();
  }

  #open(request: UpstreamRequest, waiting: PendingConnect): void {
    this.#waiting = waiting;
    // [spec] Last-Event-ID goes up as the bytes that the id is.
    const headers =
      this.#cursor && isHeaderValue(this.#cursor)
        ? [...request.headers, 'last-event-id', this.#cursor]
        : request.headers;
    this.#connection = this.#parts.upstream.open({ address: request.address, headers }, this);
  }

  onHeaders(headers: IncomingHttpHeaders): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    this.#quietBeats = 0;
    if (this.#paused) this.#connection?.pause();
    waiting?.onHeaders(headers);
  }

  onData(chunk: Buffer): void {
    if (this.#over) return;
    this.#quietBeats = 0;
    try {
      this.#framer.push(this.#retainFrames ? copyOf(chunk) : chunk);
      this.#sink.onChunk();
    } catch (error) {
      this.#sink.onChunk();
      if (!(error instanceof SseProxyError)) throw error;
      // The same event would come again after a resume.
      this.#finish('event-too-large', error);
    }
  }

  onEnd(): void {
    this.#lost('upstream-ended', undefined);
  }

  onError(error: SseProxyError): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting) waiting.onRefused(error);
    else this.#lost('upstream-broken', error);
  }

  onFrame(source: Buffer, start: number, end: number, isEvent: boolean, id: string | undefined): void {
    const matters = isEvent || id !== undefined;
    if (matters && this.#replayFilter.catchingUp) {
      const verdict = this.#replayFilter.classify(source, start, end, id, isEvent, this.#cursor);
      if (verdict === 'drop') return;
      if (verdict === 'restarted') {
        this.#gap('ids-restarted');
        for (const held of this.#replayFilter.takeHeld())
          this.#deliver(held.bytes, 0, held.bytes.length, held.isEvent, held.id);
      }
    }
    if (matters) this.#deliver(source, start, end, isEvent, id);
    else this.#sink.onFrame(source, start, end, false, undefined);
  }

  #deliver(source: Buffer, start: number, end: number, isEvent: boolean, id: string | undefined): void {
    if (id !== undefined) this.#cursor = id;
    if (this.#recordsFrames) this.#replayFilter.record(source, start, end, id);
    this.#hasDelivered = true;
    this.#sink.onFrame(source, start, end, isEvent, id);
  }

  #gap(reason: GapReason): void {
    const { from, to } = this.#reconnectTimer;
    this.#sink.onGap({ reason, from, to });
  }

  /** The connection is gone: reconnects, or ends the feed if that is not wanted. */
  #lost(reason: CloseReason, error: SseProxyError | undefined): void {
    if (this.#over) return;
    const { resume } = this.#parts.config;
    if (!resume) return this.#finish(reason, error);
    this.#framer.restart();
    this.#reconnectTimer.begin(this.#hasDelivered, resume.maxOutageMs, () => this.#giveUp(error));
    this.#hasDelivered = false;
    this.#retryLater();
  }

  // The upstream's `retry:` holds for all its clients, so it is bounded by what the backoff may reach by itself;
  // a Retry-After is about this moment, and is taken as it is.
  #retryLater(retryAfterMs = 0): void {
    const { resume } = this.#parts.config;
    if (this.#over || !resume) return;
    const floorMs = Math.max(retryAfterMs, Math.min(this.#framer.retryMs ?? 0, resume.maxDelayMs));
    this.#reconnectTimer.retryLater(resume, floorMs, () => void this.#retry());
  }

  #giveUp(cause: SseProxyError | undefined): void {
    const message = 'the upstream was away for longer than resume.maxOutageMs';
    this.#finish('upstream-broken', new SseProxyError('ERR_SSE_UPSTREAM_BROKEN', { message, cause }));
  }

  async #retry(): Promise<void> {
    let request: UpstreamRequest;
    try {
      request = await this.#parts.prepare();
    } catch {
      return this.#retryLater();
    }
    if (this.#over) return;
    this.#open(request, {
      onHeaders: () => this.#resumed(),
      onRefused: (error) => {
        // 204 and a 4xx mean "never": the browser hears it from its own next request.
        const isFinal = error.code === 'ERR_SSE_UPSTREAM_NO_CONTENT' || error.code === 'ERR_SSE_UPSTREAM_REFUSED';
        if (isFinal) this.#finish('upstream-refused', error);
        else this.#retryLater(error.retryAfterMs);
      },
    });
  }

  #resumed(): void {
    const outageMs = this.#reconnectTimer.end();
    this.#sink.onResume(this.#reconnectTimer.attempts, outageMs);
    const reason = this.#replayFilter.resume(this.#cursor);
    if (reason) this.#gap(reason);
  }

  /** Counts the upstream's silence; while nothing is read, nothing is known of it. */
  beat(): void {
    const { idleTimeoutMs, idleTimeoutIsSet } = this.#parts.config;
    if (this.#paused || this.#reconnectTimer.isOn || idleTimeoutMs === false) return;
    if (!idleTimeoutIsSet && !this.#framer.showsLife) return;
    this.#quietBeats++;
    if (this.#quietBeats * this.#parts.heartbeat.periodMs <= idleTimeoutMs) return;
    // The sockets are looked at once more: bytes that wait there reset the count, when their turn of the loop is over.
    setImmediate(() => setImmediate(() => this.#checkSilence()));
  }

  #checkSilence(): void {
    if (this.#over || this.#quietBeats === 0 || this.#reconnectTimer.isOn) return;
    this.#connection?.abort();
    const message = `nothing from the upstream for ${this.#parts.config.idleTimeoutMs} ms`;
    this.#lost('upstream-idle', new SseProxyError('ERR_SSE_UPSTREAM_IDLE', { message }));
  }

  #finish(reason: CloseReason, error: SseProxyError | undefined): void {
    if (this.#over) return;
    this.close();
    this.#sink.onEnd(reason, error);
  }
}

// Exactly as long as it is: of a pool, each frame that is kept would hold its neighbours.
function copyOf(chunk: Buffer): Buffer {
  const copy = Buffer.allocUnsafeSlow(chunk.length);
  chunk.copy(copy);
  return copy;
}
