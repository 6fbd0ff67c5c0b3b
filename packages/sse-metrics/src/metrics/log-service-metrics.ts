import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { checkOptions, hasMethods } from '../options.ts';
import type { InspectableLogStore, LogServiceMetrics, LogServiceMetricsOptions } from '../types.ts';
import { inRegistry, registryRules } from './registry-option.ts';

/** In seconds. A log is delivered at once, or after the next poll. */
const lagBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
const isStore = ['a log store', (value: unknown) => hasMethods(value, 'health')] as const;

/**
 * An observer of `logStreamRouter` that keeps metrics of the log store, and of the delivery of new logs to the streams.
 * For metrics of the streams themselves, use `forLogService(sseMetrics({ registry }))`.
 *
 * @example
 * ```ts
 * const observers = [forLogService(sseMetrics({ registry })), logServiceMetrics({ registry, store })];
 * logStreamRouter({ store, token, observers });
 * ```
 * @throws SseMetricsError `ERR_SSE_METRICS_OPTION` if an option is unknown or wrong, or the registry has a metric of
 * one of the names
 */
export function logServiceMetrics(options: LogServiceMetricsOptions): LogServiceMetrics {
  const { registry, prefix } = registryRules;
  checkOptions('logServiceMetrics', options, { registry, store: isStore }, { prefix });
  return inRegistry('logServiceMetrics', () => new LogServiceMetricsObserver(options));
}

class LogServiceMetricsObserver implements LogServiceMetrics {
  readonly #stats: Parameters<LogServiceMetrics['onAttach']>[0]['stats'][] = [];
  readonly #arrived: Counter;
  readonly #lagSeconds: Histogram;

  constructor({ registry, prefix = '', store }: LogServiceMetricsOptions) {
    const registers = [registry];
    const stats = this.#stats;
    registerHealth(registry, prefix, store);
    new Counter({
      name: `${prefix}sse_log_store_errors_total`,
      help: 'Calls of the log store that failed.',
      registers,
      collect() {
        this.reset();
        this.inc(stats.reduce((sum, read) => sum + read().storeErrors, 0));
      },
    });
    this.#arrived = new Counter({
      name: `${prefix}sse_logs_arrived_total`,
      help: 'New logs that were read from the store for the streams that follow it.',
      registers,
    });
    this.#lagSeconds = new Histogram({
      name: `${prefix}sse_log_lag_seconds`,
      help: 'Time from the timestamp of a new log until it was written to the streams; of the oldest log of each read.',
      buckets: lagBuckets,
      registers,
    });
    this.#lagSeconds.zero({});
  }

  onAttach({ stats }: Parameters<LogServiceMetrics['onAttach']>[0]): void {
    this.#stats.push(stats);
  }

  onArrive({ logs, oldestAgeMs }: Parameters<LogServiceMetrics['onArrive']>[0]): void {
    this.#arrived.inc(logs);
    this.#lagSeconds.observe(Math.max(0, oldestAgeMs) / 1_000);
  }
}

/** Registers the metrics of the store's `health()`, which is called at each scrape. */
function registerHealth(registry: Registry, prefix: string, store: InspectableLogStore): void {
  const registers = [registry];
  let asking: ReturnType<InspectableLogStore['health']> | undefined;
  /** One call for both metrics of a scrape. */
  const ask = () => {
    asking ??= store.health().finally(() => {
      asking = undefined;
    });
    return asking;
  };
  new Gauge({
    name: `${prefix}sse_log_store_up`,
    help: '1 while the log store can be read, 0 while it fails.',
    registers,
    async collect() {
      const { problem } = await ask();
      this.set(problem === undefined ? 1 : 0);
    },
  });
  new Gauge({
    name: `${prefix}sse_log_store_figure`,
    help: 'The figures of health() of the log store, by their names.',
    labelNames: ['figure'],
    registers,
    async collect() {
      const { figures } = await ask();
      for (const [figure, value] of Object.entries(figures)) this.set({ figure }, value);
    },
  });
}
