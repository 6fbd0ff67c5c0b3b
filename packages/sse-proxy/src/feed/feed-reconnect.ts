import type { IncomingHttpHeaders } from 'node:http';
import { defaults } from '../config/defaults.ts';
import { asProxyError, SseProxyError } from '../errors.ts';
import type { CloseReason, UpstreamStatus } from '../types.ts';
import type { UpstreamRequest } from '../upstream/upstream.ts';
import { FeedRequest } from './feed-request.ts';
import { ReconnectTimer } from './reconnect-timer.ts';
import { isFinalAtResume } from './refusals.ts';
import { UpstreamStateReporter } from './upstream-state.ts';

/**
 * Handles the outages of a feed: reports them to browsers, reconnects with the cursor, gives up after `maxOutageMs`.
 */
export abstract class FeedReconnect extends FeedRequest {
  readonly #reconnectTimer = new ReconnectTimer();
  /** Undefined until there is something to report. */
  #state: UpstreamStateReporter | undefined;
  /** The code of the error that was reported last in the current outage. */
  #reportedCode: string | undefined;
  #onReconnect: ((headers: IncomingHttpHeaders) => void) | undefined;

  /** True once an event arrived on the current connection. */
  protected abstract hasDelivered: boolean;
  /** The upstream's last `retry:`, in milliseconds. */
  protected abstract get retryMs(): number | undefined;
  /** Sends an event of our own to the current browsers. */
  protected abstract sendControlEvent(bytes: Buffer): void;
  /** True if the upstream uses ids: it has sent one, or the first request had a Last-Event-ID. */
  protected abstract get showsIds(): boolean;
  /** The connection has ended. `isClean`: the response was complete. */
  protected abstract onLost(isClean: boolean): void;
  /** The connection broke, or a reconnect failed with another code than before. */
  protected abstract reportLost(error: SseProxyError, attempts: number): void;
  /** The upstream has accepted the request of a resume. */
  protected abstract onReconnected(attempts: number, outageMs: number): void;
  /** The feed has ended by itself. */
  protected abstract onFinished(reason: CloseReason, error: SseProxyError | undefined): void;
  /** The feed may receive bytes from now on: its silence counts. */
  protected abstract onOpened(): void;

  /** Begin and end of the current outage, or of the last one, in milliseconds since the epoch. */
  protected get outage(): { readonly from: number; readonly to: number } {
    return this.#reconnectTimer;
  }

  /** The control event for a browser that joins now: why no events can arrive. Undefined if they can. */
  get upstreamState(): Buffer | undefined {
    return this.#state?.current;
  }

  /** State of the upstream connection. */
  get status(): UpstreamStatus {
    if (this.#reconnectTimer.isOn) return 'lost';
    return this.#state?.state ?? (this.isConnecting ? 'connecting' : 'open');
  }

  /** Duration of the current outage, in milliseconds; 0 without one. */
  get outageMs(): number {
    return this.#reconnectTimer.awayMs;
  }

  override close(): void {
    if (this.isClosed) return;
    this.#reconnectTimer.stop();
    this.#state?.stop();
    super.close();
  }

  onComplete(): void {
    if (this.isClosed) return;
    this.onLost(true);
    const { resume } = this.parts.config;
    const asksAgain = resume && resume.afterEnd === 'resume' && (this.showsIds || this.parts.assignIds);
    if (!asksAgain) return this.finish('upstream-ended', undefined);
    this.#beginOutage();
    // No sooner than a browser would reconnect by itself.
    const minDelayMs = Math.max(this.parts.config.retryMs || defaults.retryMs, this.retryMs ?? 0);
    const bounds = { minDelayMs, maxDelayMs: Math.max(resume.maxDelayMs, minDelayMs) };
    this.#reconnectTimer.schedule(bounds, minDelayMs, () => void this.#retry());
  }

  /** Reports the upstream's state to the browsers. */
  protected reporter(): UpstreamStateReporter {
    this.#state ??= new UpstreamStateReporter((bytes) => this.sendControlEvent(bytes));
    return this.#state;
  }

  /** The upstream delivers again: ends the report of its state. */
  protected endReport(): void {
    this.#state?.end();
  }

  protected onBroken(error: SseProxyError): void {
    this.#lost('upstream-broken', error);
  }

  /** The connection broke: reconnects, or ends the feed if `resume` is off. */
  #lost(reason: CloseReason, error: SseProxyError): void {
    if (this.isClosed) return;
    this.onLost(false);
    if (!this.parts.config.resume) return this.finish(reason, error);
    this.#beginOutage();
    this.#limitOutage(error);
    this.#scheduleAndReport(error);
  }

  /** Schedules the next attempt, then reports the failure: in this order, since an observer may close the feed. */
  #scheduleAndReport(error: SseProxyError, retryAfterMs = 0): void {
    const { attempts } = this.#reconnectTimer;
    this.#scheduleRetry(retryAfterMs);
    if (this.isClosed || error.code === this.#reportedCode) return;
    this.#reportedCode = error.code;
    this.reportLost(error, attempts);
  }

  #beginOutage(): void {
    if (!this.#reconnectTimer.isOn) this.reporter().begin('lost', Date.now(), 'later');
    this.#reconnectTimer.begin(this.hasDelivered);
    this.hasDelivered = false;
  }

  #limitOutage(cause: SseProxyError | undefined): void {
    const { resume } = this.parts.config;
    if (resume) this.#reconnectTimer.limit(resume.maxOutageMs, () => this.#giveUp(cause));
  }

  /** Aborts the connection, which has become unusable, and reconnects. */
  protected breakConnection(reason: CloseReason, error: SseProxyError): void {
    this.abort(error);
    this.#lost(reason, error);
  }

  // The upstream's `retry:` is meant for all clients, so `maxDelayMs` bounds it. A Retry-After concerns this moment, so
  // only `maxRetryMs` bounds it.
  #scheduleRetry(retryAfterMs = 0): void {
    const { resume } = this.parts.config;
    if (this.isClosed || !resume) return;
    const floorMs = Math.max(retryAfterMs, Math.min(this.retryMs ?? 0, resume.maxDelayMs));
    this.#reconnectTimer.schedule(resume, floorMs, () => void this.#retry());
  }

  #giveUp(cause: SseProxyError | undefined): void {
    const message = 'the upstream was away for longer than resume.maxOutageMs';
    const { retryAfterMs } = this.#reconnectTimer;
    this.finish('upstream-broken', new SseProxyError('ERR_SSE_UPSTREAM_BROKEN', { message, cause, retryAfterMs }));
  }

  /** True while the upstream is lost and a reconnect is due or in progress. */
  get isReconnecting(): boolean {
    return this.#reconnectTimer.isOn;
  }

  /**
   * Sends the first request of a feed that continues another one during its outage. A failed attempt is repeated as
   * after a loss.
   *
   * @param request undefined if it has still to be made
   * @param isReported the outage has been reported to the browsers
   * @returns resolves with the upstream's headers; never settles if the feed ends before
   */
  reconnect(request: UpstreamRequest | undefined, isReported: boolean): Promise<IncomingHttpHeaders> {
    return new Promise((resolve) => {
      const { resume } = this.parts.config;
      if (!resume) return;
      this.onOpened();
      this.reporter().begin('lost', Date.now(), isReported ? 'now' : 'later');
      this.#onReconnect = resolve;
      this.#reconnectTimer.begin(true);
      this.#limitOutage(undefined);
      if (request) this.#reopen(request);
      else void this.#retry();
    });
  }

  async #retry(): Promise<void> {
    // After a clean end `maxOutageMs` counts from here: the delay before was intended.
    this.#limitOutage(undefined);
    let request: UpstreamRequest;
    try {
      request = await this.parts.prepare();
    } catch (cause) {
      return this.#scheduleAndReport(asProxyError(cause));
    }
    if (!this.isClosed) this.#reopen(request);
  }

  #reopen(request: UpstreamRequest): void {
    this.send(request, {
      onHeaders: (headers) => {
        const outageMs = this.#reconnectTimer.end();
        this.#reportedCode = undefined;
        this.#state?.end();
        this.onReconnected(this.#reconnectTimer.attempts, outageMs);
        this.#onReconnect?.(headers);
        this.#onReconnect = undefined;
      },
      onRefused: (error) => {
        if (isFinalAtResume(error)) return this.finish('upstream-refused', error);
        this.#reconnectTimer.noteRetryAfter(error.retryAfterMs);
        this.#scheduleAndReport(error, error.retryAfterMs);
      },
    });
  }

  /** Ends the feed by itself. */
  protected finish(reason: CloseReason, error: SseProxyError | undefined): void {
    if (this.isClosed) return;
    this.close();
    this.onFinished(reason, error);
  }
}
