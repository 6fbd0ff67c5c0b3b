import type { FeedRelay } from '@datashop/sse-proxy';
import { Mode } from '../connection/mode.ts';
import { Observers } from '../connection/observers.ts';
import { checkOptions, complete, connectionChecks, maxLeaseMs, millisecondsBetween } from '../options.ts';
import type { RedisFeeds, RedisFeedsOptions } from '../types.ts';
import { FeedHub } from './feed-hub.ts';

const defaults = { prefix: 'sse:', commandTimeoutMs: 500, leaseMs: 3_000 };

/**
 * Shared feeds across all processes that use the same Redis and prefix; pass it as the option `share.relay` of
 * `sseProxy`. One process reads the upstream of each feed. While Redis can't be used, each process reads it itself, and
 * nothing is lost.
 *
 * @throws SseRedisError `ERR_SSE_REDIS_OPTION` that names the option, what was expected and what arrived
 * @example
 * ```ts
 * const relay = redisFeeds({ redis: 'redis://10.0.0.5:6379' });
 * app.get('/sse/:workflowId', sseProxy({ target, share: { relay } }));
 * ```
 */
export function redisFeeds(options: RedisFeedsOptions): RedisFeeds {
  const { redis, prefix, commandTimeoutMs, leaseMs, onModeChange, observers: given = [] } = readOptions(options);
  const observers = new Observers('feeds', given);
  const mode = new Mode('each process reads the upstreams itself', onModeChange);
  observers.onAttach(() => ({ mode: mode.current }));
  const hub = new FeedHub({ address: redis, prefix: `${prefix}feed:`, commandTimeoutMs, leaseMs, mode, observers });
  return {
    open: (key, bounds, listener) => hub.open(key, bounds, listener),
    stats: () => ({ mode: mode.current, led: hub.led }),
    close: () => hub.close(),
  } satisfies FeedRelay & RedisFeeds;
}

function readOptions(given: RedisFeedsOptions) {
  const rest = { ...connectionChecks.rest, leaseMs: millisecondsBetween(500, maxLeaseMs) };
  checkOptions('redisFeeds', given, connectionChecks.required, rest);
  return complete('redisFeeds', given, defaults);
}
