import type { SseProxyOptions } from '../../../packages/sse-proxy/src/types.ts';
import { type ProxyServer, type ProxySetUp, startProxy } from './proxy.ts';
import { Relay, type RelayRules } from './relay.ts';
import { endWithScene as add, until } from './stage.ts';
import type { Seen } from './tally.ts';
import { UpstreamServer, type UpstreamSetUp } from './upstream.ts';
import { Viewer, type ViewerOptions } from './viewer.ts';

export type Mode = 'dedicated' | 'shared';

export interface SceneOptions {
  mode: Mode;
  options?: Partial<SseProxyOptions>;
  proxy?: Omit<ProxySetUp, 'options'>;
  nodeOptions?: readonly string[];
  upstream?: Partial<UpstreamSetUp>;
  /** Between proxy and upstream. */
  relay?: RelayRules;
  /** No relay: the proxy connects to the upstream itself. */
  direct?: boolean;
  /** The name by which the proxy knows the upstream. */
  named?: string;
}

/** What a run of a row came to. */
export interface Figures {
  /** Events that the upstream numbered, and that each browser had to get. */
  sent: number;
  delivered: number;
  lost: number;
  doubled: number;
  reordered: number;
  mangled: number;
  /** Streams that browsers lost, and how often. */
  cuts: number;
  gaps: string[];
  refusals: string[];
  /** From a loss to what came after it: the upstream's outages, and the browsers' own reconnects. */
  recoveryMs: number[];
  startMb: number;
  peakMb: number;
  fdsBefore: number;
  fdsAfter: number;
  /** Upstream requests so far. */
  requests: number;
  seen: Seen;
  /** What else the row is about. */
  notes: Record<string, number>;
}

/** Upstream process → relay → proxy process → browsers. */
export class Scene {
  readonly viewers: Viewer[] = [];
  readonly notes: Record<string, number> = {};
  readonly upstream: UpstreamServer;
  readonly relay: Relay;
  proxy: ProxyServer;
  /** Where browsers connect; a function of time where a load balancer would stand. */
  port: () => number = () => this.proxy.port;
  readonly #setUp: ProxySetUp;
  readonly #nodeOptions: readonly string[];
  readonly #atStart = new Map<ProxyServer, { fds: number; mb: number }>();

  private constructor(
    upstream: UpstreamServer,
    relay: Relay,
    proxy: ProxyServer,
    setUp: ProxySetUp,
    nodeOptions: readonly string[],
  ) {
    this.upstream = upstream;
    this.relay = relay;
    this.proxy = proxy;
    this.#setUp = setUp;
    this.#nodeOptions = nodeOptions;
  }

  static async set(options: SceneOptions): Promise<Scene> {
    const relay = add(await Relay.start(0, options.relay), (it) => it.close());
    const startUpstream = async () => add(await UpstreamServer.start(options.upstream), (it) => it.close());
    const first = options.direct ? await startUpstream() : undefined;
    const setUp: ProxySetUp = {
      ...options.proxy,
      options: {
        target: `http://${options.named ?? '127.0.0.1'}:${first?.port ?? relay.port}/logs/stream`,
        resume: { minDelayMs: 5, maxDelayMs: 50, maxOutageMs: 60_000 },
        ...options.options,
        share: share(options),
      },
    };
    const startIt = async () => add(await startProxy(setUp, options.nodeOptions), (it) => it.stop());
    const [upstream, proxy] = await Promise.all([first ?? startUpstream(), startIt()]);
    relay.target = upstream.port;
    const scene = new Scene(upstream, relay, proxy, setUp, options.nodeOptions ?? []);
    await scene.#weigh(proxy);
    return scene;
  }

  /** Another instance with the same options; on the first one's port once that is free, if asked to. */
  async startProxy(port = 0): Promise<ProxyServer> {
    const proxy = add(await startProxy({ ...this.#setUp, port }, this.#nodeOptions), (it) => it.stop());
    await this.#weigh(proxy);
    return proxy;
  }

  async #weigh(proxy: ProxyServer): Promise<void> {
    this.#atStart.set(proxy, { fds: await proxy.ask('fds'), mb: await proxy.ask('peakMb') });
  }

  /** Browsers with open streams. */
  async open(count: number, options: ViewerOptions = {}): Promise<Viewer[]> {
    const viewers = Array.from({ length: count }, () => this.visit(options));
    await until(() => viewers.every((viewer) => viewer.open));
    return viewers;
  }

  /** A browser that has just asked. */
  visit(options: ViewerOptions = {}): Viewer {
    const viewer = add(new Viewer(() => this.port(), options), (it) => it.leave());
    this.viewers.push(viewer);
    return viewer;
  }

  /** Waits until each of them (those that gave up aside) has event number `sequence`. */
  async reached(sequence: number, viewers: readonly Viewer[] = this.viewers): Promise<void> {
    const waiting = new Set(viewers);
    await until(() => {
      for (const viewer of waiting) {
        if ((viewer.ledger.last ?? 0) < sequence && viewer.failed === undefined && !viewer.gone) return false;
        waiting.delete(viewer);
      }
      return true;
    });
  }

  /** This many more events, and everybody has them. */
  async emit(count: number, viewers: readonly Viewer[] = this.viewers): Promise<void> {
    await this.upstream.ask('emit', count);
    await this.reached((await this.upstream.ask('head')).head, viewers);
  }

  /** No more events; everybody has got the last one. */
  async settle(): Promise<void> {
    await this.reached((await this.upstream.ask('hold')).head);
  }

  /** Settles, lets the browsers leave, waits until the proxy has put everything away, and adds up. */
  async figures(): Promise<Figures> {
    await this.settle();
    const { head, sent } = await this.upstream.ask('head');
    const requests = (await this.upstream.ask('requests')).length;
    const { viewers, proxy } = this;
    for (const viewer of viewers) viewer.leave();
    await proxy.ask('quiet');
    const seen = await proxy.ask('seen');
    const atStart = this.#atStart.get(proxy) ?? { fds: 0, mb: 0 };
    const sum = (of: (viewer: Viewer) => number) => viewers.reduce((total, viewer) => total + of(viewer), 0);
    return {
      sent,
      delivered: sum(({ ledger }) => ledger.delivered),
      lost: sum(({ ledger, leftAt, failed }) => ledger.lost(leftAt ?? (failed === undefined ? head : 0))),
      doubled: sum(({ ledger }) => ledger.doubled),
      reordered: sum(({ ledger }) => ledger.reordered),
      mangled: sum(({ ledger }) => ledger.mangled),
      cuts: sum(({ cuts }) => cuts),
      gaps: viewers.flatMap(({ gaps }) => gaps),
      refusals: viewers.flatMap(({ refusals }) => refusals),
      recoveryMs: [...seen.outagesMs, ...viewers.flatMap(({ recoveryMs }) => recoveryMs)],
      startMb: atStart.mb,
      peakMb: await proxy.ask('peakMb'),
      fdsBefore: atStart.fds,
      fdsAfter: await this.#fdsSettled(atStart.fds),
      requests,
      seen,
      notes: this.notes,
    };
  }

  // A socket that was just closed still has its descriptor for a turn or two.
  async #fdsSettled(before: number): Promise<number> {
    let fds = await this.proxy.ask('fds');
    for (let looks = 0; looks < 20 && fds > before; looks++) fds = await this.proxy.ask('fds');
    return fds;
  }
}

function share({ mode, options }: SceneOptions): NonNullable<SseProxyOptions['share']> {
  if (mode === 'dedicated') return false;
  const given = typeof options?.share === 'object' ? options.share : {};
  return { lingerMs: 200, ...given };
}
