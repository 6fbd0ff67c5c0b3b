import type { IncomingHttpHeaders } from 'node:http';
import { SseProxyError } from '../errors.ts';
import type { TickListener } from '../lifecycle/ticker.ts';
import type { FrameId } from '../sse/fields.ts';
import type { UpstreamRequest } from '../upstream/upstream.ts';
import type { FeedParts } from './feed-parts.ts';
import { FeedReconnect } from './feed-reconnect.ts';
import { SilenceDetector } from './silence-detector.ts';

/** The connection of a feed: connects for the first time, and detects silence. */
export abstract class FeedConnection extends FeedReconnect implements TickListener {
  /** Undefined until the upstream has sent a comment. */
  #silence: SilenceDetector | undefined;
  // The fields that each event needs are the last here and the first in Feed, so that they share cache lines.
  protected isClosed = false;
  /** Ticks since the upstream last sent anything. */
  protected quietTicks = 0;
  protected cursorId: FrameId;
  /** True once an event arrived on the current connection. */
  protected hasDelivered = false;

  constructor(parts: FeedParts) {
    super(parts);
    this.cursorId = parts.cursor;
  }

  protected get cursor(): string {
    return String(this.cursorId);
  }

  /** True once the upstream has sent an id or a comment. */
  protected abstract get showsLife(): boolean;

  /**
   * Sends the first request; resolves with the upstream's headers. Frames flow at once, unless the feed is paused.
   * Resolves with `undefined` if the upstream is connected but has not responded within `openAfterMs` [R6]; if it then
   * refuses, the feed ends with the reason 'refused-late'.
   */
  connect(request: UpstreamRequest): Promise<IncomingHttpHeaders | undefined> {
    const since = Date.now();
    return new Promise((resolve, reject) => {
      let isOpen = false;
      this.openEarly = () => {
        this.openEarly = undefined;
        isOpen = true;
        this.reporter().begin('connecting', since, 'now');
        resolve(undefined);
      };
      this.send(request, {
        onHeaders: (headers) => {
          this.openEarly = undefined;
          this.onOpened();
          this.endReport();
          resolve(headers);
        },
        onRefused: (error) => {
          this.openEarly = undefined;
          if (isOpen) this.finish('refused-late', error);
          else reject(error);
        },
      });
    });
  }

  override close(): void {
    if (this.isClosed) return;
    this.parts.ticker.remove(this);
    super.close();
  }

  override onHeaders(headers: IncomingHttpHeaders): void {
    this.quietTicks = 0;
    this.#silence?.restart();
    super.onHeaders(headers);
  }

  protected onOpened(): void {
    this.parts.ticker.add(this);
  }

  /** The upstream has sent a comment. */
  protected onComment(): void {
    this.#silence ??= new SilenceDetector();
    this.#silence.onComment(performance.now());
  }

  /** Called for the first bytes after one or more ticks without any. */
  protected onLife(): void {
    this.quietTicks = 0;
    this.endReport();
  }

  /** Measures the upstream's silence. A paused feed doesn't read, so its silence proves nothing. */
  onTick(): void {
    if (this.isPaused || this.isReconnecting) return;
    const { idleTimeoutMs, idleTimeoutIsSet } = this.parts.config;
    const quietMs = ++this.quietTicks * this.parts.ticker.periodMs;
    if (this.#silence?.isSilent(quietMs) && !this.upstreamState)
      this.reporter().begin('silent', Date.now() - quietMs, 'now');
    if (idleTimeoutMs === false || quietMs <= idleTimeoutMs || !(idleTimeoutIsSet || this.showsLife)) return;
    // Bytes may be pending in the socket after a stalled event loop: two more turns let them reset the count.
    setImmediate(() => setImmediate(() => this.#checkSilence()));
  }

  #checkSilence(): void {
    if (this.isClosed || this.quietTicks === 0 || this.isReconnecting) return;
    const message = `the upstream sent nothing for ${this.parts.config.idleTimeoutMs} ms`;
    this.breakConnection('upstream-idle', new SseProxyError('ERR_SSE_UPSTREAM_IDLE', { message }));
  }
}
