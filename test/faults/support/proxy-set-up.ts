import type { SseProxyOptions } from '../../../packages/sse-proxy/src/types.ts';

/** How a proxy process is started. The options are those that JSON can express. */
export interface ProxySetUp {
  readonly options: SseProxyOptions;
  readonly port?: number;
  /** Grace time of the drain that SIGTERM starts, in ms. */
  readonly graceMs?: number;
  /** Resolves the upstream's name by a function whose result `resolveTo` sets. */
  readonly lookup?: boolean;
  /** The only trusted certificate, as PEM. */
  readonly ca?: string;
  /** Hooks fail as the query says. */
  readonly hooks?: boolean;
  /** `upstreamHeaders` sends a token and each user's tenant, which `identify` changes. */
  readonly identities?: boolean;
  /** URL of the Redis that relays shared feeds between proxies. */
  readonly redis?: string;
  /** Redis may be as slow as a busy machine makes it, without being given up. */
  readonly slowRedis?: boolean;
  /** Adds a log sink whose pipe has no reader. */
  readonly blockedLog?: boolean;
}
