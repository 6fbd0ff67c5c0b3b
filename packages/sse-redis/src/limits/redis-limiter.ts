import {
  type LimitKeys,
  type LimitPermit,
  type LimitRequest,
  type LimitResult,
  localLimiter,
} from '@datashop/sse-proxy';
import { Mode } from '../connection/mode.ts';
import { Observers } from '../connection/observers.ts';
import {
  checkOptions,
  complete,
  connectionChecks,
  isRecord,
  keyPart,
  maxLeaseMs,
  millisecondsBetween,
} from '../options.ts';
import type { RedisLimiter, RedisLimiterOptions } from '../types.ts';
import { type Counter, countersOf } from './counters.ts';
import { FleetCounts } from './fleet-counts.ts';

const defaults = { prefix: 'sse:', name: 'streams', commandTimeoutMs: 500, leaseMs: 12_000 };

/**
 * Limits that hold across all processes that use the same Redis, prefix and name; pass it as the option `limits` of
 * `sseProxy`. Without Redis they hold in each process alone.
 *
 * @throws SseRedisError `ERR_SSE_REDIS_OPTION` that names the option, what was expected and what arrived
 * @throws SseProxyError `ERR_SSE_OPTION` for a wrong limit
 * @example
 * ```ts
 * const limits = redisLimiter({
 *   redis: 'redis://10.0.0.5:6379',
 *   limits: { total: 30_000, rules: [{ name: 'workflow', key: (req) => req.params.workflowId, max: 10 }] },
 * });
 * app.get('/sse/:workflowId', sseProxy({ target, limits }));
 * ```
 */
export function redisLimiter(options: RedisLimiterOptions): RedisLimiter {
  const {
    redis,
    prefix,
    name,
    commandTimeoutMs,
    leaseMs,
    limits,
    onModeChange,
    observers: given = [],
  } = readOptions(options);
  const observers = new Observers('limits', given);
  const local = localLimiter(limits);
  const mode = new Mode('limits hold in each process alone', onModeChange);
  observers.onAttach(() => ({ mode: mode.current }));
  const fleet = new FleetCounts({
    address: redis,
    prefix: `${prefix}limits:${name}:`,
    commandTimeoutMs,
    leaseMs,
    total: local.total,
    mode,
    observers,
  });

  /** The stream counts in this process too, so that its limits hold when Redis is lost. */
  function enter(keys: LimitKeys, counters: readonly Counter[]): LimitPermit {
    const permit = local.enter(keys);
    let isHeld = true;
    return {
      ok: true,
      release() {
        if (!isHeld) return;
        isHeld = false;
        permit.release();
        fleet.leave(counters);
      },
    };
  }

  function acquireLocally(keys: LimitKeys, counters: readonly Counter[]): LimitResult {
    const refusal = local.refusal(keys);
    if (refusal) return refusal;
    fleet.enterLocally(counters);
    return enter(keys, counters);
  }

  async function acquireShared(keys: LimitKeys, counters: readonly Counter[]): Promise<LimitResult> {
    const refusal = await fleet.acquire(counters);
    if (refusal === 'local') return acquireLocally(keys, counters);
    return refusal ?? enter(keys, counters);
  }

  return {
    upstreams: local.upstreams,
    rules: local.rules,
    acquire(request: LimitRequest) {
      const keys = local.keysOf(request);
      const counters = countersOf(local.rules, keys);
      if (mode.current === 'local') return acquireLocally(keys, counters);
      // All processes together have at least the streams of this one.
      return local.refusal(keys) ?? acquireShared(keys, counters);
    },
    stats: () => ({ mode: mode.current, open: fleet.open }),
    close: () => fleet.close(),
  };
}

function readOptions(given: RedisLimiterOptions) {
  checkOptions('redisLimiter', given, connectionChecks.required, {
    ...connectionChecks.rest,
    limits: ['an object of limits', isRecord],
    name: keyPart,
    leaseMs: millisecondsBetween(100, maxLeaseMs),
  });
  return complete('redisLimiter', given, defaults);
}
