import type { Outlet } from '../browser/outlet.ts';
import { closeFlushMs, maxOpensPerTurn } from '../config/defaults.ts';
import type { Config } from '../config/options.ts';
import { maxTimerMs, refuseOption } from '../config/validate.ts';
import type { FeedListener, Gap } from '../feed/feed-parts.ts';
import { Registry } from '../feed/registry.ts';
import { notify } from '../hooks/observers.ts';
import { Heartbeat, type HeartbeatMember } from '../lifecycle/heartbeat.ts';
import { TurnLimiter } from '../lifecycle/turn-limiter.ts';
import type { CloseOptions, SseProxyStats } from '../types.ts';
import { createUpstream, type Upstream } from '../upstream/upstream.ts';
import type { StreamSession } from './stream-session.ts';

/** What the streams of one middleware have in common: its config, its one timer, its counters, its end. */
export class ProxyContext implements HeartbeatMember {
  readonly config: Config;
  readonly heartbeat: Heartbeat;
  /** Looks for silent upstreams. */
  readonly idleHeartbeat: Heartbeat;
  readonly upstream: Upstream;
  /** The shared feeds; undefined in dedicated mode. */
  readonly registry: Registry | undefined;
  readonly turnLimiter = new TurnLimiter(maxOpensPerTurn);
  readonly counters = { opened: 0, refused: 0, evicted: 0 };

  readonly #streams = new Set<StreamSession>();
  // What the streams that are gone have written.
  #events = 0;
  #bytes = 0;
  #draining = false;
  readonly #whenEmpty: (() => void)[] = [];

  constructor(config: Config) {
    this.config = config;
    this.heartbeat = new Heartbeat(config.beatMs);
    this.idleHeartbeat = new Heartbeat(config.idleBeatMs);
    this.upstream = createUpstream(config);
    if (config.share) this.registry = new Registry(this, config.share);
  }

  get draining(): boolean {
    return this.#draining;
  }

  enter(stream: StreamSession): void {
    if (this.#streams.size === 0) this.heartbeat.add(this);
    this.#streams.add(stream);
  }

  /** The browser's connection is done with the stream. */
  leave(stream: StreamSession): void {
    this.#streams.delete(stream);
    this.#events += stream.outlet?.events ?? 0;
    this.#bytes += stream.outlet?.bytes ?? 0;
    if (this.#streams.size > 0) return;
    this.heartbeat.remove(this);
    for (const resolve of this.#whenEmpty.splice(0)) resolve();
  }

  /** What is told of a feed, for the observers. */
  feedListener(route: string): FeedListener {
    return new ObserverFeedListener(this.config.observers, route);
  }

  /** Holds the total of what waits for slow browsers under its bound: the fattest goes first. */
  beat(): void {
    const { maxTotalBytes } = this.config.slowClient;
    const waiting: [Outlet, number][] = [];
    let total = 0;
    for (const { outlet } of this.#streams) {
      if (!outlet?.full) continue;
      const buffered = outlet.bufferedBytes;
      waiting.push([outlet, buffered]);
      total += buffered;
    }
    if (total <= maxTotalBytes) return;
    for (const [outlet, buffered] of waiting.sort((left, right) => right[1] - left[1])) {
      if (total <= maxTotalBytes) return;
      outlet.evict('maxTotalBytes', buffered);
      total -= buffered;
    }
  }

  /** See `close` in types.ts. @throws SseProxyError `ERR_SSE_OPTION` */
  async close({ graceMs = 0 }: CloseOptions = {}): Promise<void> {
    if (typeof graceMs !== 'number' || !(graceMs >= 0) || graceMs > maxTimerMs) {
      refuseOption('close.graceMs', 'milliseconds, 0 or more', graceMs);
    }
    this.#draining = true;
    for (const stream of this.#streams) {
      const end = () => stream.lifetime.end('draining');
      if (!stream.outlet || graceMs === 0) end();
      else stream.lifetime.addDisposer(cancel(setTimeout(end, Math.random() * graceMs)));
    }
    if (this.#streams.size > 0) {
      // Also a stream that had ended already may wait for a browser that reads nothing.
      const cut = () => {
        for (const stream of this.#streams) stream.cut();
      };
      const deadline = setTimeout(cut, Math.min(graceMs + closeFlushMs, maxTimerMs));
      await new Promise<void>((resolve) => this.#whenEmpty.push(resolve));
      clearTimeout(deadline);
    }
    this.registry?.close();
  }

  stats(): SseProxyStats {
    const stats: SseProxyStats = {
      open: 0,
      opening: 0,
      ...this.counters,
      events: this.#events,
      bytes: this.#bytes,
      bufferedBytes: 0,
      upstreamConnections: this.upstream.connections,
      sharedFeeds: this.registry?.size ?? 0,
      oldestMs: 0,
      draining: this.#draining,
    };
    for (const stream of this.#streams) {
      const { outlet, lifetime } = stream;
      if (!lifetime.ended) stats[outlet ? 'open' : 'opening']++;
      if (!outlet) continue;
      stats.events += outlet.events;
      stats.bytes += outlet.bytes;
      stats.bufferedBytes += outlet.bufferedBytes;
      if (!lifetime.ended) stats.oldestMs = Math.max(stats.oldestMs, stream.ageMs);
    }
    return stats;
  }
}

function cancel(timer: NodeJS.Timeout): () => void {
  return () => clearTimeout(timer);
}

class ObserverFeedListener implements FeedListener {
  readonly #observers: Config['observers'];
  readonly #route: string;

  constructor(observers: Config['observers'], route: string) {
    this.#observers = observers;
    this.#route = route;
  }

  onResume(attempts: number, outageMs: number, browsers: number): void {
    notify(this.#observers, 'onResume', { route: this.#route, attempts, outageMs, browsers });
  }

  onGap({ reason }: Gap, browsers: number): void {
    notify(this.#observers, 'onGap', { route: this.#route, reason, browsers });
  }
}
