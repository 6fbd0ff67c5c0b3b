import { setTimeout } from 'node:timers/promises';
import type { Ports } from './messages.ts';
import { Service, type ServiceSpec } from './service.ts';

const firstPauseMs = 250;
const longestPauseMs = 4_000;
/** Milliseconds of run time after which the count of restarts begins again. */
const stableAfterMs = 30_000;
/** Most restarts of a service in a row. */
const maxRestarts = 5;

export type Supervised = ServiceSpec & {
  /** True: a crash restarts it. False: a crash stops everything. */
  restart: boolean;
};

export interface SupervisorOptions {
  /** Prints a line on the terminal. */
  print(line: string): void;
  /** Called when a service has ended for good. */
  lost(line: string): void;
}

/** Starts services, restarts crashed ones, and stops all in reverse order of their start. */
export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #services = new Map<string, Service>();
  readonly #stopping = new AbortController();

  constructor(options: SupervisorOptions) {
    this.#options = options;
  }

  /** Resolves with the ports of the service once it is ready. */
  async start(spec: Supervised): Promise<Ports> {
    const service = this.#launch(spec);
    const ports = await service.ready();
    const env = { ...spec.env, PORT: String(ports.port ?? 0), METRICS_PORT: String(ports.metricsPort ?? 0) };
    void this.#watch({ ...spec, env }, service);
    return ports;
  }

  pids(): Record<string, number | undefined> {
    return Object.fromEntries([...this.#services].map(([name, { pid }]) => [name, pid]));
  }

  #launch(spec: ServiceSpec): Service {
    this.#stopping.signal.throwIfAborted();
    const service = new Service(spec);
    this.#services.set(spec.name, service);
    return service;
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    for (const service of [...this.#services.values()].reverse()) await service.stop();
  }

  /** Kills every service at once: the second Ctrl-C. */
  kill(): void {
    this.#stopping.abort();
    for (const service of this.#services.values()) service.kill();
  }

  /** A restart keeps the ports, because the BFF has the upstream's address. */
  async #watch(spec: Supervised, first: Service): Promise<void> {
    let service = first;
    let restarts = 0;
    for (;;) {
      const started = performance.now();
      const how = await service.ended;
      if (this.#stopping.signal.aborted) return;
      if (performance.now() - started > stableAfterMs) restarts = 0;
      if (!spec.restart || restarts === maxRestarts) {
        this.#options.lost(`${spec.name} ended unexpectedly (${how})`);
        return;
      }
      const pauseMs = Math.min(firstPauseMs * 2 ** restarts, longestPauseMs);
      restarts += 1;
      this.#options.print(`${spec.name} ended unexpectedly (${how}); starting it again in ${pauseMs} ms`);
      // Rejects when the services are being stopped.
      await setTimeout(pauseMs, undefined, { signal: this.#stopping.signal }).catch(() => {});
      if (this.#stopping.signal.aborted) return;
      service = this.#launch(spec);
    }
  }
}
