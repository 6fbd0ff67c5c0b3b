import type { ResponseWriter } from '../browser/response-writer.ts';
import { closeFlushMs, maxOpensPerTurn } from '../config/defaults.ts';
import { type Config, readCloseOptions } from '../config/options.ts';
import { maxTimerMs } from '../config/rule.ts';
import { UpstreamPermits } from '../config/upstream-permits.ts';
import type { FeedListener } from '../feed/feed-parts.ts';
import { Registry } from '../feed/shared/registry.ts';
import { notify } from '../hooks/observers.ts';
import { Warnings } from '../hooks/warnings.ts';
import type { Lifetime } from '../lifecycle/lifetime.ts';
import { Ticker, type TickListener } from '../lifecycle/ticker.ts';
import { TurnLimiter } from '../lifecycle/turn-limiter.ts';
import { createSourceUpstream } from '../source/source-upstream.ts';
import type { CloseOptions, OpenFeed, OpenStream, SseProxyStats } from '../types.ts';
import { createUpstream, type Upstream } from '../upstream/upstream.ts';
import { FeedReports } from './feed-reports.ts';
import { LateRefusals } from './late-refusals.ts';

/** A stream as the context of its middleware sees it. */
export interface TrackedStream {
  readonly lifetime: Lifetime;
  /** Undefined until the response is opened. */
  readonly writer: ResponseWriter | undefined;
  /** Milliseconds since the stream was opened. */
  readonly ageMs: number;
  /** Duration of the current outage of its upstream, in milliseconds; 0 without one. */
  readonly outageMs: number;
  /** Ends a stream whose 'close' event did not reach it. */
  checkClosed(): void;
  /** What `streams()` returns for this stream; undefined unless it is open. */
  describe(): OpenStream | undefined;
  /** Breaks the browser's connection, whatever is still to be sent. */
  cut(): void;
}

/** What the streams of one middleware share: config, timers, counters, `close()`. */
export class ProxyContext implements TickListener {
  readonly config: Config;
  readonly ticker: Ticker;
  /** Its ticks detect silent upstreams in dedicated mode. */
  readonly idleTicker: Ticker;
  readonly upstream: Upstream;
  /** One permit for each upstream connection, or feed that reconnects it. */
  readonly upstreamPermits: UpstreamPermits;
  /** The shared feeds; undefined in dedicated mode. */
  readonly registry: Registry | undefined;
  /** Undefined if the user has switched warnings off. */
  readonly warnings: Warnings | undefined;
  /** True if an observer has the hook `onEvent`. */
  readonly watchesEvents: boolean;
  readonly lateRefusals = new LateRefusals();
  readonly turnLimiter = new TurnLimiter(maxOpensPerTurn);
  readonly counters = { opened: 0, refused: 0, evicted: 0 };

  readonly #streams = new Set<TrackedStream>();
  // Totals of the closed streams.
  #events = 0;
  #bytes = 0;
  #draining = false;
  /** Cached: nearly all streams have the same route. */
  #feedReports: FeedReports | undefined;
  readonly #whenEmpty: (() => void)[] = [];

  constructor(config: Config) {
    this.config = config;
    this.ticker = new Ticker(config.tickMs);
    this.idleTicker = new Ticker(config.idleTickMs);
    this.upstream = config.source ? createSourceUpstream(config.source, config) : createUpstream(config);
    this.upstreamPermits = new UpstreamPermits(config.maxUpstreams);
    if (config.warnings) this.warnings = new Warnings();
    if (config.share) this.registry = new Registry(this, config.share);
    const { name, limitNames: rules, observers } = config;
    this.watchesEvents = observers.some(({ onEvent }) => onEvent !== undefined);
    const inspect = { stats: () => this.stats(), streams: () => this.streams(), feeds: () => this.feeds() };
    notify(observers, 'onAttach', { name, rules, ...inspect });
  }

  get draining(): boolean {
    return this.#draining;
  }

  /** Registers a stream until {@link leave}. */
  enter(stream: TrackedStream): void {
    if (this.#streams.size === 0) this.ticker.add(this);
    this.#streams.add(stream);
  }

  /** The response is closed. May be called again. */
  leave(stream: TrackedStream): void {
    if (!this.#streams.delete(stream)) return;
    this.#events += stream.writer?.events ?? 0;
    this.#bytes += stream.writer?.bytes ?? 0;
    if (this.#streams.size > 0) return;
    this.ticker.remove(this);
    for (const resolve of this.#whenEmpty.splice(0)) resolve();
  }

  /** Reports what happens to a shared feed. */
  feedListener(route: string): FeedListener {
    if (this.#feedReports?.route !== route) this.#feedReports = new FeedReports(this, route);
    return this.#feedReports;
  }

  /**
   * Ends streams whose response is closed. Evicts the streams with the most buffered bytes until the total is within
   * `slowClient.maxTotalBytes`.
   */
  onTick(): void {
    const { maxTotalBytes } = this.config.slowClient;
    const buffering: [ResponseWriter, number][] = [];
    let total = 0;
    for (const stream of this.#streams) {
      stream.checkClosed();
      const { writer } = stream;
      const bytes = writer?.bufferedBytes ?? 0;
      if (!writer || bytes === 0) continue;
      buffering.push([writer, bytes]);
      total += bytes;
    }
    if (total <= maxTotalBytes) return;
    for (const [writer, bytes] of buffering.sort((left, right) => right[1] - left[1])) {
      if (total <= maxTotalBytes) return;
      writer.evict('maxTotalBytes', bytes);
      total -= bytes;
    }
  }

  /**
   * Refuses new streams, ends the open ones at random moments within `graceMs`, and closes the shared feeds. Resolves
   * at most `closeFlushMs` after the grace time, whether or not all responses have closed.
   *
   * @throws SseProxyError `ERR_SSE_OPTION`
   */
  async close(options?: CloseOptions): Promise<void> {
    const { graceMs } = readCloseOptions(options);
    this.#draining = true;
    for (const stream of this.#streams) {
      const end = () => stream.lifetime.end('draining');
      if (!stream.writer || graceMs === 0) end();
      else stream.lifetime.addDisposer(cancel(setTimeout(end, Math.random() * graceMs)));
    }
    if (this.#streams.size > 0) {
      // A browser that reads nothing would keep its response open, and so would a response whose 'close' is never
      // emitted.
      const deadline = setTimeout(() => this.#cutAll(), Math.min(graceMs + closeFlushMs, maxTimerMs));
      await new Promise<void>((resolve) => this.#whenEmpty.push(resolve));
      clearTimeout(deadline);
    }
    this.registry?.close();
  }

  #cutAll(): void {
    for (const stream of this.#streams) {
      stream.lifetime.end('draining');
      stream.cut();
      this.leave(stream);
    }
  }

  /** Frozen descriptions of the open streams. */
  streams(): OpenStream[] {
    return [...this.#streams].flatMap((stream) => stream.describe() ?? []);
  }

  /** Frozen descriptions of the shared feeds. */
  feeds(): OpenFeed[] {
    return this.registry?.describe() ?? [];
  }

  /** See `Inspectable.stats` in types/stats.ts. */
  stats(): SseProxyStats {
    const feeds = this.feeds();
    const stats: SseProxyStats = {
      open: 0,
      opening: 0,
      ...this.counters,
      events: this.#events,
      bytes: this.#bytes,
      bufferedBytes: 0,
      upstreamConnections: this.upstream.connections,
      sharedFeeds: this.registry?.size ?? 0,
      replayBytes: feeds.reduce((sum, feed) => sum + feed.replayBytes, 0),
      outageMs: feeds.reduce((longest, feed) => Math.max(longest, feed.outageMs), 0),
      oldestMs: 0,
      draining: this.#draining,
    };
    for (const stream of this.#streams) {
      const { writer, lifetime } = stream;
      if (!lifetime.ended) stats[writer ? 'open' : 'opening']++;
      if (!writer) continue;
      stats.events += writer.events;
      stats.bytes += writer.bytes;
      stats.bufferedBytes += writer.bufferedBytes;
      if (lifetime.ended) continue;
      stats.oldestMs = Math.max(stats.oldestMs, stream.ageMs);
      stats.outageMs = Math.max(stats.outageMs, stream.outageMs);
    }
    return stats;
  }
}

function cancel(timer: NodeJS.Timeout): () => void {
  return () => clearTimeout(timer);
}
