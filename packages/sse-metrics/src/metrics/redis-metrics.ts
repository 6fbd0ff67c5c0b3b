import { Counter, Gauge, Histogram } from 'prom-client';
import { redisErrorCodes, redisModes, redisParts } from '../labels/redis-values.ts';
import type { RedisMetrics, RedisMode, RedisPart, RedisSummary, SseMetricsOptions } from '../types.ts';
import { RateWindow } from './rate-window.ts';
import { checkRegistry, inRegistry } from './registry-option.ts';

/** In seconds: from the usual response time of Redis to beyond `commandTimeoutMs`, which is 0.5 s by default. */
const commandBuckets = [0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1];
const errorRateSeconds = 120;

/**
 * An observer of `redisFeeds` and `redisLimiter` of `@datashop/sse-redis` that keeps metrics of Redis in a registry of
 * prom-client. One observer serves one `redisFeeds` and one `redisLimiter`. Two of the same kind in one process need
 * one observer each, with different prefixes.
 *
 * @example
 * ```ts
 * import { redisMetrics, sseMetrics } from '@datashop/sse-metrics';
 * import { redisFeeds, redisLimiter } from '@datashop/sse-redis';
 *
 * const observers = [redisMetrics({ registry })];
 * const relay = redisFeeds({ redis, observers });
 * const limits = redisLimiter({ redis, observers });
 * ```
 * @throws SseMetricsError `ERR_SSE_METRICS_OPTION` if an option is unknown or wrong, or the registry has a metric of
 * one of the names
 */
export function redisMetrics(options: SseMetricsOptions): RedisMetrics {
  checkRegistry('redisMetrics', options);
  return inRegistry('redisMetrics', () => new RedisMetricsObserver(options));
}

class RedisMetricsObserver implements RedisMetrics {
  readonly #modes = new Map<RedisPart, () => RedisMode>();
  readonly #errors: Counter<'part' | 'code'>;
  readonly #leasesLost: Counter<'part'>;
  readonly #commandSeconds: Histogram<'part'>;
  readonly #errorRate = new RateWindow(errorRateSeconds);
  #lost = 0;
  #commands = 0;
  #commandMs = 0;

  constructor({ registry, prefix = '' }: SseMetricsOptions) {
    const registers = [registry];
    const modes = this.#modes;
    new Gauge({
      name: `${prefix}sse_redis_mode`,
      help: '1 for the current mode: shared while Redis is used, local while it cannot be used, starting before either.',
      labelNames: ['part', 'mode'],
      registers,
      collect() {
        for (const [part, current] of modes) {
          for (const mode of redisModes) this.set({ part, mode }, mode === current() ? 1 : 0);
        }
      },
    });
    this.#errors = new Counter({
      name: `${prefix}sse_redis_errors_total`,
      help: 'Connections to Redis that failed or could not be made, by code.',
      labelNames: ['part', 'code'],
      registers,
    });
    this.#leasesLost = new Counter({
      name: `${prefix}sse_redis_leases_lost_total`,
      help: 'Leases that were lost although Redis responded.',
      labelNames: ['part'],
      registers,
    });
    this.#commandSeconds = new Histogram({
      name: `${prefix}sse_redis_command_seconds`,
      help: 'Time from a command until Redis responded, or until the command was given up.',
      labelNames: ['part'],
      buckets: commandBuckets,
      registers,
    });
  }

  onAttach({ part, stats }: Parameters<RedisMetrics['onAttach']>[0]): void {
    this.#modes.set(part, () => stats().mode);
    for (const code of redisErrorCodes) this.#errors.inc({ part, code }, 0);
    this.#leasesLost.inc({ part }, 0);
    this.#commandSeconds.zero({ part });
  }

  onError({ part, error }: Parameters<RedisMetrics['onError']>[0]): void {
    this.#errors.inc({ part, code: error.code });
    this.#errorRate.add();
  }

  onCommand({ part, durationMs }: Parameters<RedisMetrics['onCommand']>[0]): void {
    this.#commandSeconds.observe({ part }, durationMs / 1_000);
    this.#commands++;
    this.#commandMs += durationMs;
  }

  onLeaseLost({ part }: Parameters<RedisMetrics['onLeaseLost']>[0]): void {
    this.#leasesLost.inc({ part });
    this.#lost++;
  }

  summary(): RedisSummary {
    const [feeds, limits] = redisParts.map((part) => this.#modes.get(part)?.());
    return {
      redis_mode: { feeds, limits },
      redis_error_rate: this.#errorRate.perSecond(),
      redis_leases_lost: this.#lost,
      average_redis_command_duration: this.#commands === 0 ? 0 : this.#commandMs / this.#commands / 1_000,
    };
  }
}
