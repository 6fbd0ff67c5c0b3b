import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { cleaner, until } from '../../../packages/sse-proxy/test/support/until.ts';
import { RedisServer } from '../../../packages/sse-redis/test/support/redis-server.ts';
import { type Nginx, startNginx } from '../../faults/support/nginx.ts';
import { Viewer, type ViewerOptions } from '../../faults/support/viewer.ts';
import { type Child, startChild } from '../support/child.ts';
import type { BffAnswers, BffSetUp } from './bff.ts';

/** This checkout. */
const checkout = fileURLToPath(new URL('../../../', import.meta.url));
const locations = fileURLToPath(new URL('../../../examples/deploy/nginx/locations.conf', import.meta.url));
const path = '/sse/logs/stream';

export interface FleetOptions {
  readonly browsers: number;
  readonly instances: number;
  readonly eventsPerSecond: number;
  /** How long a restart spreads the ends of its streams, in milliseconds. */
  readonly graceMs: number;
  /** What is special about the browser with this index. @defaultValue nothing */
  readonly viewer?: (index: number) => ViewerOptions;
}

/** Where the numbered events of a fleet come from. */
export interface FleetUpstream {
  /** URL of the event stream. */
  readonly target: string;
  /** Number of the newest event. */
  newest(): Promise<number>;
  /** Sends `perSecond` events a second from now on. */
  run(perSecond: number): Promise<void>;
}

/** Upstream → instances of the BFF, with one Redis → nginx, round robin → browsers. */
export class Fleet<Upstream extends FleetUpstream> {
  readonly options: FleetOptions;
  readonly upstream: Upstream;
  readonly redis: RedisServer;
  readonly nginx: Nginx;
  readonly viewers: readonly Viewer[];
  /** When an instance was drained, by `performance.now()`. */
  readonly drains: { readonly from: number; readonly to: number }[] = [];
  readonly #instances: Child<BffAnswers>[];
  readonly #clean: () => Promise<void>;
  /** Folder of the checkout whose packages started instances use. */
  #checkout = checkout;

  private constructor(
    options: FleetOptions,
    parts: { upstream: Upstream; redis: RedisServer; nginx: Nginx; instances: Child<BffAnswers>[] },
    clean: () => Promise<void>,
  ) {
    this.options = options;
    this.upstream = parts.upstream;
    this.redis = parts.redis;
    this.nginx = parts.nginx;
    this.#instances = parts.instances;
    this.#clean = clean;
    const port = () => parts.nginx.port;
    this.viewers = Array.from({ length: options.browsers }, (_, index) => {
      // They wait as long as the server tells them.
      return new Viewer(port, { path, patience: 1, ...options.viewer?.(index) });
    });
  }

  /**
   * Resolves when all browsers have a stream, and events flow. The caller closes the upstream, after the fleet.
   *
   * @param undos gets what ends the parts, each as soon as it runs
   */
  static async start<Upstream extends FleetUpstream>(
    upstream: Upstream,
    options: FleetOptions,
    undos = cleaner(),
  ): Promise<Fleet<Upstream>> {
    const { add, clean } = undos;
    try {
      const redis = add(await RedisServer.start(), (it) => it.close());
      const instances: Child<BffAnswers>[] = [];
      add(instances, (all) => Promise.all(all.map((it) => it.stop())));
      for (let n = 0; n < options.instances; n++)
        instances.push(await startInstance(setUpOf(upstream, redis, options, 0)));
      const servers = instances.map(({ port }) => `server 127.0.0.1:${port} max_fails=0;`);
      const upstreamBlock = `upstream bff { ${servers.join(' ')} }`;
      const nginx = add(await startNginx(`include ${locations};`, upstreamBlock), (it) => it.close());
      const fleet = new Fleet(options, { upstream, redis, nginx, instances }, clean);
      add(fleet.viewers, (viewers) => viewers.forEach((viewer) => void viewer.leave()));
      await until(() => fleet.viewers.every(({ open }) => open));
      await upstream.run(options.eventsPerSecond);
      return fleet;
    } catch (error) {
      await clean();
      throw error;
    }
  }

  /** Indexes of the instances that run. */
  async running() {
    const all = this.#instances.map(async (instance, index) => {
      const figures = await instance.ask('figures').catch(() => undefined);
      return figures ? [{ index, ...figures }] : [];
    });
    return (await Promise.all(all)).flat();
  }

  /** Kills an instance (SIGKILL). */
  async kill(index: number): Promise<void> {
    await this.#instances[index]?.stop();
  }

  /** URL of the event stream for browsers. */
  get url(): string {
    return `http://127.0.0.1:${this.nginx.port}${path}`;
  }

  /** Indexes of all instances. */
  get indexes(): number[] {
    return [...this.#instances.keys()];
  }

  /** Starts a killed instance again, on its port. */
  async restart(index: number): Promise<void> {
    const { port } = this.#instances[index] as Child<BffAnswers>;
    const setUp = setUpOf(this.upstream, this.redis, this.options, port);
    this.#instances[index] = await startInstance(setUp, this.#checkout);
  }

  /**
   * Drains one instance after another, and replaces it.
   *
   * @param from folder of the checkout whose packages the new ones use. @defaultValue this one
   */
  async rollingRestart(from = checkout): Promise<void> {
    this.#checkout = from;
    for (const index of this.indexes) {
      const from = performance.now();
      await this.#instances[index]?.ask('drain');
      this.drains.push({ from, to: performance.now() });
      await this.kill(index);
      await this.restart(index);
    }
  }

  /** Resolves when each browser has a stream and an event that was sent after the call; rejects if one has given up. */
  async recovered(): Promise<void> {
    const head = await this.upstream.newest();
    await until(() =>
      this.viewers.every(({ open, ledger, failed }) => {
        if (failed !== undefined) throw new Error(`a browser got status ${failed} and gave up`);
        return open && (ledger.last ?? 0) > head;
      }),
    );
  }

  close(): Promise<void> {
    return this.#clean();
  }
}

function setUpOf({ target }: FleetUpstream, redis: RedisServer, { graceMs }: FleetOptions, port: number): BffSetUp {
  return { port, redis: redis.url, target, graceMs };
}

function startInstance(setUp: BffSetUp, from = checkout): Promise<Child<BffAnswers>> {
  const script = pathToFileURL(join(from, 'test/scale/fleet/bff.ts')).href;
  return startChild<BffAnswers>(script, [JSON.stringify(setUp)]);
}
