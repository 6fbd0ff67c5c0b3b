import { setTimeout } from 'node:timers/promises';
import { Service, type ServiceSpec } from './service.ts';

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 4_000;
/** Who lived this long counts as sound again. */
const SOUND_AFTER_MS = 30_000;
/** So often in a row is a crashed service started again. */
const MAX_RESTARTS = 5;

export interface Supervised extends ServiceSpec {
  /** Start it again when it crashes. Otherwise its crash is the end of everything. */
  restart: boolean;
}

export interface SupervisorOptions {
  /** A line for the person at the terminal. */
  say(line: string): void;
  /** A service is gone for good, and nothing makes sense without it. */
  lost(line: string): void;
}

/** Starts services, starts crashed ones again, ends all of them in the reverse order of their start. */
export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #services = new Map<string, Service>();
  readonly #stopping = new AbortController();

  constructor(options: SupervisorOptions) {
    this.#options = options;
  }

  /** Resolves with the port of the service once it is ready. */
  async start(spec: Supervised): Promise<number> {
    const service = this.#launch(spec);
    const port = await service.ready();
    void this.#watch({ ...spec, env: { ...spec.env, PORT: String(port) } }, service);
    return port;
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

  /** For the impatient second Ctrl-C. */
  kill(): void {
    this.#stopping.abort();
    for (const service of this.#services.values()) service.kill();
  }

  /** Restarts keep the port: the BFF was told where its upstream is. */
  async #watch(spec: Supervised, first: Service): Promise<void> {
    let service = first;
    let restarts = 0;
    for (;;) {
      const started = performance.now();
      const how = await service.gone;
      if (this.#stopping.signal.aborted) return;
      if (performance.now() - started > SOUND_AFTER_MS) restarts = 0;
      if (!spec.restart || restarts === MAX_RESTARTS) {
        this.#options.lost(`${spec.name} ended unexpectedly (${how})`);
        return;
      }
      const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** restarts, LONGEST_PAUSE_MS);
      restarts += 1;
      this.#options.say(`${spec.name} ended unexpectedly (${how}); starting it again in ${pauseMs} ms`);
      await setTimeout(pauseMs, undefined, { signal: this.#stopping.signal }).catch(() => {});
      if (this.#stopping.signal.aborted) return;
      service = this.#launch(spec);
    }
  }
}
