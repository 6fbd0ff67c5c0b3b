import { fileURLToPath } from 'node:url';
import { cleaner, until } from '../../../packages/sse-proxy/test/support/until.ts';
import { RedisServer } from '../../../packages/sse-redis/test/support/redis-server.ts';
import { type Nginx, startNginx } from '../../faults/support/nginx.ts';
import { UpstreamServer } from '../../faults/support/upstream.ts';
import { Viewer } from '../../faults/support/viewer.ts';
import { type Child, startChild } from '../support/child.ts';
import type { BffAnswers, BffSetUp } from './bff.ts';

const script = new URL('./bff.ts', import.meta.url).href;
const locations = fileURLToPath(new URL('../../../examples/deploy/nginx/locations.conf', import.meta.url));
const path = '/sse/logs/stream';

export interface FleetOptions {
  readonly browsers: number;
  readonly instances: number;
  readonly eventsPerSecond: number;
  /** How long a restart spreads the ends of its streams, in milliseconds. */
  readonly graceMs: number;
}

/** Upstream → instances of the BFF, with one Redis → nginx, round robin → browsers. */
export class Fleet {
  readonly options: FleetOptions;
  readonly upstream: UpstreamServer;
  readonly redis: RedisServer;
  readonly nginx: Nginx;
  readonly viewers: readonly Viewer[];
  /** When an instance was drained, by `performance.now()`. */
  readonly drains: { readonly from: number; readonly to: number }[] = [];
  readonly #instances: Child<BffAnswers>[];
  readonly #clean: () => Promise<void>;

  private constructor(
    options: FleetOptions,
    parts: { upstream: UpstreamServer; redis: RedisServer; nginx: Nginx; instances: Child<BffAnswers>[] },
    clean: () => Promise<void>,
  ) {
    this.options = options;
    this.upstream = parts.upstream;
    this.redis = parts.redis;
    this.nginx = parts.nginx;
    this.#instances = parts.instances;
    this.#clean = clean;
    const port = () => parts.nginx.port;
    // They wait as long as the server tells them.
    this.viewers = Array.from({ length: options.browsers }, () => new Viewer(port, { path, patience: 1 }));
  }

  /** Resolves when all browsers have a stream, and events flow. */
  static async start(options: FleetOptions): Promise<Fleet> {
    const { add, clean } = cleaner();
    try {
      const upstream = add(await UpstreamServer.start(), (it) => it.close());
      const redis = add(await RedisServer.start(), (it) => it.close());
      const instances: Child<BffAnswers>[] = [];
      for (let n = 0; n < options.instances; n++)
        instances.push(await startInstance(setUpOf(upstream, redis, options, 0)));
      add(instances, (all) => Promise.all(all.map((it) => it.stop())));
      const servers = instances.map(({ port }) => `server 127.0.0.1:${port} max_fails=0;`);
      const upstreamBlock = `upstream bff { ${servers.join(' ')} }`;
      const nginx = add(await startNginx(`include ${locations};`, upstreamBlock), (it) => it.close());
      const fleet = new Fleet(options, { upstream, redis, nginx, instances }, clean);
      add(fleet.viewers, (viewers) => viewers.forEach((viewer) => void viewer.leave()));
      await until(() => fleet.viewers.every(({ open }) => open));
      await upstream.ask('run', options.eventsPerSecond);
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

  /** Starts a killed instance again, on its port. */
  async restart(index: number): Promise<void> {
    const { port } = this.#instances[index] as Child<BffAnswers>;
    this.#instances[index] = await startInstance(setUpOf(this.upstream, this.redis, this.options, port));
  }

  /** Drains one instance after another, and replaces it. */
  async rollingRestart(): Promise<void> {
    for (const index of this.#instances.keys()) {
      const from = performance.now();
      await this.#instances[index]?.ask('drain');
      this.drains.push({ from, to: performance.now() });
      await this.kill(index);
      await this.restart(index);
    }
  }

  /** Resolves when each browser has a stream and an event that was sent after the call; rejects if one has given up. */
  async recovered(): Promise<void> {
    const { head } = await this.upstream.ask('head');
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

function setUpOf(upstream: UpstreamServer, redis: RedisServer, { graceMs }: FleetOptions, port: number): BffSetUp {
  return { port, redis: redis.url, target: `http://127.0.0.1:${upstream.port}/logs/stream`, graceMs };
}

function startInstance(setUp: BffSetUp): Promise<Child<BffAnswers>> {
  return startChild<BffAnswers>(script, [JSON.stringify(setUp)]);
}
