import type { FeedRelay, StreamLimiter, StreamLimits } from '@datashop/sse-proxy';
import type { RedisClientOptions } from 'redis';
import type { SseRedisError } from './errors.ts';

/** Redis behind Sentinel: the master is looked up at every connect. */
export interface SentinelAddress {
  /** Name of the master set that the sentinels watch. */
  name: string;
  /** The sentinels, queried in this order until one names the master. */
  sentinels: readonly {
    /** Host name or IP address of the sentinel. */
    host: string;
    /** TCP port of the sentinel, usually 26379. */
    port: number;
  }[];
  /** Credentials, TLS and database of the Redis servers. @defaultValue none */
  client?: Omit<RedisClientOptions, 'url'>;
  /** Credentials and TLS of the sentinels. @defaultValue none */
  sentinelClient?: Omit<RedisClientOptions, 'url'>;
}

/**
 * Where Redis is: a URL such as `redis://:password@10.0.0.5:6379/0` or `rediss://…`, the options of `createClient` of
 * the npm package `redis`, or Sentinel. Timeouts and reconnects of `createClient` are replaced by those of this
 * package.
 */
export type RedisAddress = string | RedisClientOptions | SentinelAddress;

/**
 * - `starting`: the first connect to Redis is in progress.
 * - `shared`: Redis is used.
 * - `local`: Redis can't be used; this process works alone until it can.
 */
export type RedisMode = 'starting' | 'shared' | 'local';

/** Argument of {@link RedisConnectionOptions.onModeChange}. */
export interface ModeChange {
  /** The new mode. */
  readonly mode: Exclude<RedisMode, 'starting'>;
  /** Why Redis can't be used; undefined in mode `shared`. */
  readonly error: SseRedisError | undefined;
}

/** What uses Redis: `redisFeeds` or `redisLimiter`. */
export type RedisPart = 'feeds' | 'limits';

/**
 * Watches the use of Redis: for metrics and logs. `redisMetrics()` of `@datashop/sse-metrics` is one. What a hook
 * throws, or rejects with, is dropped. Hooks run synchronously: they must not block.
 */
export interface RedisObserver {
  /** Called once by `redisFeeds` and by `redisLimiter`, before any other hook. */
  onAttach?(context: {
    /** What uses Redis. */
    readonly part: RedisPart;
    /** Returns the current state. */
    stats(): {
      /** Whether Redis is used now. */
      readonly mode: RedisMode;
    };
  }): void;
  /**
   * Called for every failed attempt to connect, also while Redis is known to be down, and for every connection that is
   * lost. A command that is refused or times out ends its connection.
   */
  onError?(context: {
    /** What uses Redis. */
    readonly part: RedisPart;
    /** What failed. */
    readonly error: SseRedisError;
  }): void;
  /**
   * Called when a command, or several that were sent together, were executed, refused or timed out. Not called for the
   * blocking command that reads new events.
   */
  onCommand?(context: {
    /** What uses Redis. */
    readonly part: RedisPart;
    /** Time from sending the commands to the last reply, or until they were given up, in milliseconds. */
    readonly durationMs: number;
  }): void;
  /**
   * Called when a lease is lost although Redis responds: this process was stopped for too long, or Redis lost its data.
   * For `feeds`, called once for each feed that this process read for all.
   */
  onLeaseLost?(context: {
    /** What uses Redis. */
    readonly part: RedisPart;
  }): void;
}

/** Options that everything in this package has. */
export interface RedisConnectionOptions {
  /** Where Redis is. */
  redis: RedisAddress;
  /** Precedes every key in Redis. Deployments with different prefixes share nothing. @defaultValue 'sse:' */
  prefix?: string;
  /**
   * Time after which a command is given up, in milliseconds: 10 to 60,000. Then this process works in `local` mode
   * until Redis responds again.
   * @defaultValue 500
   */
  commandTimeoutMs?: number;
  /**
   * Called when Redis can be used, and when it can't be used any more. What it throws, or rejects with, is ignored.
   * @defaultValue `process.emitWarning` when Redis can't be used, at most once a minute
   */
  onModeChange?: (change: ModeChange) => void;
  /** Watch the use of Redis. @defaultValue none */
  observers?: readonly RedisObserver[];
}

/** Options of `redisLimiter`. */
export interface RedisLimiterOptions extends RedisConnectionOptions {
  /**
   * The bounds, as in the option `limits` of `sseProxy`. `total`, `max` and the opens within a time hold for all
   * processes together; `upstreams` holds in each process. Pass the same to every process.
   * @defaultValue `{ total: 10_000 }`
   */
  limits?: StreamLimits;
  /** Limiters of the same name count together. @defaultValue 'streams' */
  name?: string;
  /**
   * Time after which Redis forgets the streams of a process that was killed, in milliseconds: 100 to 600,000, at least
   * 4 × `commandTimeoutMs`. Renewed four times within it.
   * @defaultValue 12_000
   */
  leaseMs?: number;
}

/** Returned by {@link RedisLimiter.stats}. */
export interface RedisLimiterStats {
  /** Whether limits hold for all processes together. */
  readonly mode: RedisMode;
  /** Open streams of this process. */
  readonly open: number;
}

/** Returned by `redisLimiter`. */
export interface RedisLimiter extends StreamLimiter {
  /** For metrics and health checks. */
  stats(): RedisLimiterStats;
  /** Frees what this process holds, and closes the connection. Call it after `close()` of the middlewares. */
  close(): Promise<void>;
}

/** Options of `redisFeeds`. */
export interface RedisFeedsOptions extends RedisConnectionOptions {
  /**
   * Time after which another process reads the upstreams of one that was killed, in milliseconds: 500 to 600,000, at
   * least 4 × `commandTimeoutMs`. Renewed five times within it.
   * @defaultValue 3_000
   */
  leaseMs?: number;
}

/** Returned by {@link RedisFeeds.stats}. */
export interface RedisFeedsStats {
  /** Whether feeds are shared with other processes. */
  readonly mode: RedisMode;
  /** Number of feeds of which this process reads the upstream for all. */
  readonly led: number;
}

/** Returned by `redisFeeds`: the value of the option `share.relay` of `sseProxy`. */
export interface RedisFeeds extends FeedRelay {
  /** For metrics and health checks. */
  stats(): RedisFeedsStats;
  /** Closes the connections. Call it after `close()` of the middlewares. */
  close(): Promise<void>;
}
