import type { IncomingHttpHeaders } from 'node:http';
import { backoffMs } from './backoff.ts';
import { Continuity } from './continuity.ts';
import { SseProxyError } from './errors.ts';
import { Framer, type FrameSink } from './framing.ts';
import { isHeaderValue } from './headers.ts';
import type { Beating, Heartbeat } from './heartbeat.ts';
import type { Config } from './options.ts';
import type { CloseReason, GapReason } from './types.ts';
import type { Upstream, UpstreamConnection, UpstreamEvents, UpstreamRequest } from './upstream.ts';

/** A stretch of time for which continuity can't be proven. */
export interface Gap {
  readonly reason: GapReason;
  /** When the upstream was lost and when it was back, in milliseconds since the epoch. */
  readonly from: number;
  readonly to: number;
}

/** Where a feed's frames go. */
export interface FeedSink {
  /**
   * A whole frame that was not delivered before: `source.subarray(start, end)`, lent unless {@link FeedParts.keeps}.
   * `id` is its own, if it has one.
   */
  onFrame(source: Buffer, start: number, end: number, isEvent: boolean, id: string | undefined): void;
  /** A chunk is through: what was collected may go out. */
  onChunk(): void;
  onGap(gap: Gap): void;
  onResume(attempts: number, outageMs: number): void;
  /** No more frames come. */
  onOver(reason: CloseReason, error: SseProxyError | undefined): void;
}

/** What a {@link Feed} is made of. */
export interface FeedParts {
  readonly upstream: Upstream;
  readonly heartbeat: Heartbeat;
  readonly config: Pick<Config, 'idleTimeoutMs' | 'idleTimeoutIsSet' | 'maxEventBytes' | 'resume'>;
  /** Where the feed starts: a Last-Event-ID, a byte string; empty for "now". */
  readonly cursor: string;
  /** Makes the request anew for a resume, without Last-Event-ID. May fail: that attempt then has failed. */
  readonly prepare: () => Promise<UpstreamRequest>;
  readonly sink: FeedSink;
  /** Whether frames are wanted for longer than the call that hands them on: then they get memory of their own. */
  readonly keeps: boolean;
}

/** Who waits for the answer to a request. */
interface Waiting {
  readonly onHeaders: (headers: IncomingHttpHeaders) => void;
  readonly onRefused: (error: SseProxyError) => void;
}

/** One upstream subscription: connect → frame → resume. Says what is new, in order, whole, and once. */
export class Feed implements Beating, FrameSink, UpstreamEvents {
  readonly #parts: FeedParts;
  // What every event needs, at hand: between two events the caches are cold.
  readonly #sink: FeedSink;
  readonly #keeps: boolean;
  readonly #recalls: boolean;
  readonly #framer: Framer;
  readonly #continuity: Continuity;
  #cursor: string;
  #connection: UpstreamConnection | undefined;
  #waiting: Waiting | undefined;
  #retryTimer: NodeJS.Timeout | undefined;
  #outageTimer: NodeJS.Timeout | undefined;
  #over = false;
  #paused = false;
  #quietBeats = 0;

  // The outage under way, if there is one; the last one's dates are kept for a gap that shows later.
  #lostAt: number | undefined;
  #outage = { from: 0, to: 0 };
  #attempts = 0;

  constructor(parts: FeedParts) {
    this.#parts = parts;
    this.#sink = parts.sink;
    this.#keeps = parts.keeps;
    this.#recalls = parts.config.resume !== false;
    this.#cursor = parts.cursor;
    this.#framer = new Framer(this, parts.config.maxEventBytes);
    this.#continuity = new Continuity(parts.config.maxEventBytes);
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
    clearTimeout(this.#retryTimer);
    clearTimeout(this.#outageTimer);
    this.#connection?.abort();
  }

  #open(request: UpstreamRequest, waiting: Waiting): void {
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
      this.#framer.push(this.#keeps ? copyOf(chunk) : chunk);
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
    if (matters && this.#continuity.catchingUp) {
      const verdict = this.#continuity.judge(source, start, end, id, isEvent, this.#cursor);
      if (verdict === 'drop') return;
      if (verdict === 'restarted') {
        this.#gap('ids-restarted');
        for (const held of this.#continuity.takeHeld())
          this.#deliver(held.bytes, 0, held.bytes.length, held.isEvent, held.id);
      }
    }
    if (matters) this.#deliver(source, start, end, isEvent, id);
    else this.#sink.onFrame(source, start, end, false, undefined);
  }

  #deliver(source: Buffer, start: number, end: number, isEvent: boolean, id: string | undefined): void {
    if (id !== undefined) this.#cursor = id;
    if (this.#recalls) this.#continuity.record(source, start, end, id);
    this.#attempts = 0;
    this.#sink.onFrame(source, start, end, isEvent, id);
  }

  #gap(reason: GapReason): void {
    this.#sink.onGap({ reason, ...this.#outage });
  }

  /** The connection is gone: reconnects, or ends the feed if that is not wanted. */
  #lost(reason: CloseReason, error: SseProxyError | undefined): void {
    if (this.#over) return;
    const { resume } = this.#parts.config;
    if (!resume) return this.#finish(reason, error);
    this.#framer.restart();
    if (this.#lostAt === undefined) {
      this.#lostAt = performance.now();
      this.#outage.from = Date.now();
      this.#outageTimer = setTimeout(() => this.#giveUp(error), resume.maxOutageMs);
    }
    this.#retryLater();
  }

  // The upstream's `retry:` holds for all its clients, so it is bounded by what the backoff may reach by itself;
  // a Retry-After is about this moment, and is taken as it is.
  #retryLater(retryAfterMs = 0): void {
    const { resume } = this.#parts.config;
    if (this.#over || !resume) return;
    const floorMs = Math.max(retryAfterMs, Math.min(this.#framer.retryMs ?? 0, resume.maxDelayMs));
    this.#retryTimer = setTimeout(() => void this.#retry(), backoffMs(this.#attempts++, resume, floorMs));
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
    const attempts = this.#attempts;
    this.#open(request, {
      onHeaders: () => this.#resumed(attempts),
      onRefused: (error) => {
        // 204 and a 4xx mean "never": the browser hears it from its own next request.
        const isFinal = error.code === 'ERR_SSE_UPSTREAM_NO_CONTENT' || error.code === 'ERR_SSE_UPSTREAM_REFUSED';
        if (isFinal) this.#finish('upstream-refused', error);
        else this.#retryLater(error.retryAfterMs);
      },
    });
  }

  #resumed(attempts: number): void {
    const outageMs = performance.now() - (this.#lostAt ?? 0);
    clearTimeout(this.#outageTimer);
    this.#lostAt = undefined;
    this.#outage.to = Date.now();
    this.#sink.onResume(attempts, outageMs);
    const reason = this.#continuity.resume(this.#cursor);
    if (reason) this.#gap(reason);
  }

  /** Counts the upstream's silence; while nothing is read, nothing is known of it. */
  beat(): void {
    const { idleTimeoutMs, idleTimeoutIsSet } = this.#parts.config;
    if (this.#paused || this.#lostAt !== undefined || idleTimeoutMs === false) return;
    if (!idleTimeoutIsSet && !this.#framer.showsLife) return;
    this.#quietBeats++;
    if (this.#quietBeats * this.#parts.heartbeat.periodMs <= idleTimeoutMs) return;
    // The sockets are looked at once more: bytes that wait there reset the count, when their turn of the loop is over.
    setImmediate(() => setImmediate(this.#checkSilence));
  }

  #checkSilence = (): void => {
    if (this.#over || this.#quietBeats === 0 || this.#lostAt !== undefined) return;
    this.#connection?.abort();
    const message = `nothing from the upstream for ${this.#parts.config.idleTimeoutMs} ms`;
    this.#lost('upstream-idle', new SseProxyError('ERR_SSE_UPSTREAM_IDLE', { message }));
  };

  #finish(reason: CloseReason, error: SseProxyError | undefined): void {
    if (this.#over) return;
    this.close();
    this.#sink.onOver(reason, error);
  }
}

// Exactly as long as it is: of a pool, each frame that is kept would hold its neighbours.
function copyOf(chunk: Buffer): Buffer {
  const copy = Buffer.allocUnsafeSlow(chunk.length);
  chunk.copy(copy);
  return copy;
}
