import type { SseProxyOptions } from '../../../packages/sse-proxy/src/types.ts';
import { type ProxyServer, startProxy } from './proxy.ts';
import type { ProxySetUp } from './proxy-set-up.ts';
import { Relay, type RelayRules } from './relay.ts';
import { endWithScene as add, until } from './stage.ts';
import type { Seen } from './tally.ts';
import { UpstreamServer } from './upstream.ts';
import type { UpstreamSetUp } from './upstream-set-up.ts';
import { Viewer, type ViewerOptions } from './viewer.ts';

export type Mode = 'dedicated' | 'shared';

export interface SceneOptions {
  mode: Mode;
  options?: Partial<SseProxyOptions>;
  proxy?: Omit<ProxySetUp, 'options'>;
  nodeOptions?: readonly string[];
  upstream?: Partial<UpstreamSetUp>;
  /** Rules of the relay between proxy and upstream. */
  relay?: RelayRules;
  /** Connects the proxy to the upstream without the relay. */
  direct?: boolean;
  /** Host name of the target. @defaultValue '127.0.0.1' */
  named?: string;
}

/** Figures of one run of a row. */
export interface Figures {
  /** Number of events that the upstream sent. Each browser has to receive all of them. */
  sent: number;
  delivered: number;
  lost: number;
  doubled: number;
  reordered: number;
  mangled: number;
  /** Number of streams that ended for a browser. */
  cuts: number;
  gaps: string[];
  refusals: string[];
  /** Lengths of the upstream's outages, and times from a browser's cut to its next event, in ms. */
  recoveryMs: number[];
  startMb: number;
  peakMb: number;
  fdsBefore: number;
  fdsAfter: number;
  /** Number of upstream requests. */
  requests: number;
  seen: Seen;
  /** Other figures that the row's test checks. */
  notes: Record<string, number>;
}

/** Upstream process → relay → proxy process → browsers. */
export class Scene {
  readonly viewers: Viewer[] = [];
  readonly notes: Record<string, number> = {};
  readonly upstream: UpstreamServer;
  readonly relay: Relay;
  proxy: ProxyServer;
  /** Port that browsers connect to. A row that imitates a load balancer changes it. */
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
    await scene.#measureAtStart(proxy);
    return scene;
  }

  /** Starts another instance with the same options. @param port 0: a free one */
  async startProxy(port = 0): Promise<ProxyServer> {
    const proxy = add(await startProxy({ ...this.#setUp, port }, this.#nodeOptions), (it) => it.stop());
    await this.#measureAtStart(proxy);
    return proxy;
  }

  async #measureAtStart(proxy: ProxyServer): Promise<void> {
    this.#atStart.set(proxy, { fds: await proxy.ask('fds'), mb: await proxy.ask('peakMb') });
  }

  /** Opens browsers. Resolves when all streams are open; rejects if one is refused for good. */
  async open(count: number, options: ViewerOptions = {}): Promise<Viewer[]> {
    const viewers = Array.from({ length: count }, () => this.visit(options));
    await until(() =>
      viewers.every(({ open, failed }) => {
        if (failed !== undefined) throw new Error(`a browser that was to open got status ${failed}`);
        return open;
      }),
    );
    return viewers;
  }

  /** Opens a browser. Returns at once. */
  visit(options: ViewerOptions = {}): Viewer {
    const viewer = add(new Viewer(() => this.port(), options), (it) => it.leave());
    this.viewers.push(viewer);
    return viewer;
  }

  /** Resolves when each browser has event number `sequence`, has given up, or has left. */
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

  /** Sends `count` events. Resolves when all `viewers` have them. */
  async emit(count: number, viewers: readonly Viewer[] = this.viewers): Promise<void> {
    await this.upstream.ask('emit', count);
    await this.reached((await this.upstream.ask('head')).head, viewers);
  }

  /** Stops the events. Resolves when all browsers have the last one. */
  async settle(): Promise<void> {
    await this.reached((await this.upstream.ask('hold')).head);
  }

  /** Settles, closes the browsers, waits until the proxy has released everything, and returns the sums. */
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

  // A closed socket keeps its descriptor for a turn or two of the event loop.
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
