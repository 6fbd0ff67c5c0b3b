import type { CloseContext, Inspectable, OpenFeed, SseProxyStats } from '@datashop/sse-proxy';
import type { BoundedLabels } from '../labels/bounded-labels.ts';

/** Traffic of one route since the start, and its open streams. */
export interface RouteTraffic {
  active: number;
  events: number;
  bytes: number;
}

type Gauges = Pick<
  SseProxyStats,
  'upstreamConnections' | 'sharedFeeds' | 'bufferedBytes' | 'replayBytes' | 'oldestMs' | 'outageMs'
> & {
  /** Only log services have late documents. */
  lateDocuments: number;
};

/** The possible roles of this instance in a feed that instances share. */
export const roles = ['leader', 'follower', 'alone'] as const satisfies OpenFeed['role'][];

/** The values of one scrape. */
export interface Snapshot {
  readonly routes: ReadonlyMap<string, RouteTraffic>;
  readonly gauges: Readonly<Gauges>;
  /** Feeds that instances share, by the role of this one. */
  readonly relayedFeeds: ReadonlyMap<(typeof roles)[number], number>;
}

/**
 * The middlewares, which are read when metrics are scraped. Each open stream has its own counters of events and bytes,
 * so that nothing is done here for each event. Only the counts of ended streams are added up here.
 */
export class LiveSet {
  readonly #sources: Inspectable[] = [];
  readonly #ended = new Map<string, { events: number; bytes: number }>();
  readonly #labels: BoundedLabels;
  #snapshot: Snapshot | undefined;

  constructor(labels: BoundedLabels) {
    this.#labels = labels;
  }

  add(source: Inspectable): void {
    this.#sources.push(source);
  }

  /** Adds the counts of a stream that has ended, which is no longer among the open ones. */
  onClose({ stream, events, bytes }: CloseContext): void {
    const route = this.#labels.of(stream.route);
    const sum = this.#ended.get(route) ?? { events: 0, bytes: 0 };
    this.#ended.set(route, { events: sum.events + events, bytes: sum.bytes + bytes });
  }

  /** The same for all metrics of one scrape. */
  get snapshot(): Snapshot {
    if (this.#snapshot) return this.#snapshot;
    const relayedFeeds = this.#readRelayedFeeds();
    this.#snapshot = { routes: this.#readRoutes(), gauges: this.#readGauges(), relayedFeeds };
    queueMicrotask(() => {
      this.#snapshot = undefined;
    });
    return this.#snapshot;
  }

  #readRoutes(): Map<string, RouteTraffic> {
    const open = this.#sources.flatMap((source) => source.streams());
    // Labels first: a stream may be the first of its route.
    const labelled = open.map((stream) => [this.#labels.of(stream.route), stream] as const);
    const routes = new Map<string, RouteTraffic>();
    for (const route of this.#labels.known) {
      routes.set(route, { active: 0, events: 0, bytes: 0, ...this.#ended.get(route) });
    }
    for (const [route, { events, bytes }] of labelled) {
      const traffic = routes.get(route) as RouteTraffic;
      traffic.active++;
      traffic.events += events;
      traffic.bytes += bytes;
    }
    return routes;
  }

  #readRelayedFeeds(): Snapshot['relayedFeeds'] {
    const feeds = this.#sources.flatMap((source) => source.feeds());
    return new Map(roles.map((role) => [role, feeds.filter((feed) => feed.role === role).length]));
  }

  #readGauges(): Gauges {
    const sum: Gauges = {
      upstreamConnections: 0,
      sharedFeeds: 0,
      bufferedBytes: 0,
      replayBytes: 0,
      oldestMs: 0,
      outageMs: 0,
      lateDocuments: 0,
    };
    for (const source of this.#sources) {
      const stats: SseProxyStats & { readonly lateDocuments?: number } = source.stats();
      sum.lateDocuments += stats.lateDocuments ?? 0;
      for (const name of ['upstreamConnections', 'sharedFeeds', 'bufferedBytes', 'replayBytes'] as const)
        sum[name] += stats[name];
      for (const name of ['oldestMs', 'outageMs'] as const) sum[name] = Math.max(sum[name], stats[name]);
    }
    return sum;
  }
}
