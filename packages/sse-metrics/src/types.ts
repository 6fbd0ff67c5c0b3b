import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Inspectable, SseObserver } from '@datashop/sse-proxy';
import type { Registry } from 'prom-client';

/** Options of {@link sseMetrics}. */
export interface SseMetricsOptions {
  /** The registry of the metrics. Pass prom-client's own `register` to use the default registry. */
  registry: Registry;
  /** Precedes every metric's name: letters, digits and `_`, such as `bff_`. @defaultValue none */
  prefix?: string;
}

/** The JSON summary of {@link SseMetrics.summary}. */
export interface SseSummary {
  /** Streams that are open now. */
  active_sse_connections: number;
  /** Upstream events written to browsers since the start. */
  total_messages_sent: number;
  /** Mean duration of the streams that have ended since the start, in seconds; 0 before the first. */
  average_connection_duration: number;
  /** Errors per second, averaged over the last two minutes. Refusals because of a drain don't count. */
  error_rate: number;
}

/** Returned by {@link sseMetrics}: an observer for any number of middlewares. */
export interface SseMetrics extends SseObserver {
  /** The most important figures, for a page or a script that doesn't speak Prometheus. */
  summary(): SseSummary;
}

/** What uses Redis: `redisFeeds` or `redisLimiter` of `@datashop/sse-redis`. */
export type RedisPart = 'feeds' | 'limits';

/** `shared`: Redis is used. `local`: Redis can't be used, so the process works alone. `starting`: not decided yet. */
export type RedisMode = 'starting' | 'shared' | 'local';

/** The JSON summary of {@link RedisMetrics.summary}. */
export interface RedisSummary {
  /** The mode of each part; undefined if it is not used. */
  redis_mode: { feeds: RedisMode | undefined; limits: RedisMode | undefined };
  /** Errors of connections to Redis per second, averaged over the last two minutes. */
  redis_error_rate: number;
  /** Leases that were lost since the start although Redis responded. */
  redis_leases_lost: number;
  /** Mean time of a command since the start, in seconds; 0 before the first. */
  average_redis_command_duration: number;
}

/**
 * An observer of `@datashop/sse-redis`, returned by {@link redisMetrics}: for one `redisFeeds` and one `redisLimiter`.
 */
export interface RedisMetrics {
  onAttach(context: { readonly part: RedisPart; stats(): { readonly mode: RedisMode } }): void;
  onError(context: { readonly part: RedisPart; readonly error: Error & { readonly code: string } }): void;
  onCommand(context: { readonly part: RedisPart; readonly durationMs: number }): void;
  onLeaseLost(context: { readonly part: RedisPart }): void;
  /** The most important figures, for a page or a script that doesn't speak Prometheus. */
  summary(): RedisSummary;
}

/** What `redisFeeds` or `redisLimiter` of `@datashop/sse-redis` returned, as far as it can be inspected. */
export interface RedisInspectable {
  /**
   * `led`: feeds that this process reads for all instances. `open`: open streams of this process that its limiter
   * counts.
   */
  stats(): { readonly mode: RedisMode; readonly led?: number; readonly open?: number };
}

/**
 * The methods of a logger that the logs call, as pino and `console` have them. A line is an object of plain values and
 * a message that is the same for every line of its kind.
 */
export interface Logger {
  /** Logs what happens in normal operation. */
  info(fields: object, message: string): void;
  /** Logs what may need an operator's attention. */
  warn(fields: object, message: string): void;
  /** Logs what helps to debug. Needed for {@link AccessLogOptions.messages} only. */
  debug?(fields: object, message: string): void;
  /** Returns true if lines of a level are written; pino has this method. */
  isLevelEnabled?(level: 'debug'): boolean;
}

/** Options of {@link accessLog}. */
export interface AccessLogOptions {
  /**
   * Receives one line when a stream opens, when it closes, when a request is refused, when an upstream is lost or is
   * back, and for each gap.
   */
  log: Logger;
  /**
   * Which route parameters are logged: name of the field → possible names of the parameter. Other parameters are not
   * logged, because they may be secrets.
   * @defaultValue `{ workspace: ['workspace', 'workspaceId', 'workspaceID'], workflow: ['workflow', 'workflowId',
   * 'workflowID'] }`
   */
  params?: Record<string, readonly string[]>;
  /** `false`: the key that `authorize` returned is not logged. @defaultValue true */
  user?: boolean;
  /**
   * True: one line at debug level for each event that is sent to each browser, with a hash of its id and the level of
   * the log in its data. Each event is then parsed for each browser, so use it only to debug. False: no event is
   * parsed.
   * @defaultValue whether `log` writes debug lines when accessLog is called, by its `isLevelEnabled`
   */
  messages?: boolean;
}

/** Options of {@link auditLog}. */
export interface AuditLogOptions {
  /** Receives one line for each open, refusal, resume, gap and close. */
  log: Pick<Logger, 'info'>;
  /**
   * Key of the hash of user keys and route parameters: at least 16 characters. Use the same key on every instance to
   * make their lines comparable; see {@link hashId}.
   * @defaultValue a random one, so that hashes differ after a restart
   */
  secret?: string;
}

/** One request of the log service, as its observers receive it: `LogRequestInfo` of `@datashop/log-stream`. */
export interface LogServiceStream {
  readonly id: string;
  readonly route: string;
  readonly key: string | undefined;
  readonly resumed: boolean;
  readonly workspaceID: string | undefined;
  readonly workflowID: string | undefined;
}

/** One open stream of the log service: `OpenLogStream` of `@datashop/log-stream`. */
export interface OpenLogServiceStream extends LogServiceStream {
  readonly since: string;
  readonly events: number;
  readonly bytes: number;
  readonly bufferedBytes: number;
  readonly atTip: boolean;
}

/** What `logStreamRouter` of `@datashop/log-stream` returns, as far as it can be inspected. */
export interface LogServiceInspectable {
  /** The current gauges and counters. */
  stats(): {
    readonly streams: number;
    readonly opening: number;
    readonly opened: number;
    readonly refused: number;
    readonly evicted: number;
    readonly events: number;
    readonly bytes: number;
    readonly bufferedBytes: number;
    readonly oldestMs: number;
    readonly draining: boolean;
    readonly lateDocuments: number;
  };
  /** The streams that are open now, oldest first. */
  streams(): readonly OpenLogServiceStream[];
}

/** An observer of `@datashop/log-stream`, returned by {@link forLogService}. */
export interface LogServiceObserver {
  onAttach(
    context: LogServiceInspectable & { readonly routes: readonly string[]; readonly rules: readonly string[] },
  ): void;
  onOpen(context: {
    readonly stream: LogServiceStream;
    readonly waitedMs: number;
    readonly lastEventIdHash: string | undefined;
  }): void;
  onFirstEvent(context: { readonly stream: LogServiceStream; readonly waitedMs: number }): void;
  /** Undefined unless the adapted observer has it. */
  onEvent?: (context: {
    readonly stream: LogServiceStream;
    readonly event: { readonly id: string; readonly data: string };
  }) => void;
  onRefuse(context: {
    readonly stream: LogServiceStream;
    readonly error: Error & {
      readonly code: string;
      readonly rule: string | undefined;
      readonly retryAfterMs: number | undefined;
    };
    readonly status: number;
  }): void;
  onGap(context: { readonly stream: LogServiceStream; readonly reason: string }): void;
  onEvict(context: { readonly stream: LogServiceStream; readonly bufferedBytes: number }): void;
  onClose(context: {
    readonly stream: LogServiceStream;
    readonly reason: string;
    readonly durationMs: number;
    readonly events: number;
    readonly bytes: number;
  }): void;
}

/** A store of `@datashop/log-stream`, as far as it can be inspected. */
export interface InspectableLogStore {
  /** The store documents its `figures`. */
  health(): Promise<{ readonly problem: Error | undefined; readonly figures: Readonly<Record<string, number>> }>;
}

/** Options of {@link logServiceMetrics}. */
export interface LogServiceMetricsOptions extends SseMetricsOptions {
  /** The store of the router. Its `health()` is called at each scrape. */
  store: InspectableLogStore;
}

/** An observer of `@datashop/log-stream`, returned by {@link logServiceMetrics}. */
export interface LogServiceMetrics {
  onAttach(context: { stats(): { readonly storeErrors: number } }): void;
  onArrive(context: { readonly logs: number; readonly oldestAgeMs: number }): void;
}

/** Options of {@link adminPage}. */
export interface AdminPageOptions {
  /** What the page shows: middlewares of `sseProxy` and `sseRouter`. Empty where there are only `logServices`. */
  proxies: readonly Inspectable[];
  /** Routers of `logStreamRouter` that the page shows too. @defaultValue none */
  logServices?: readonly LogServiceInspectable[];
  /** What `redisFeeds` and `redisLimiter` returned. @defaultValue none: the page does not show Redis */
  redis?: readonly RedisInspectable[];
  /** The page's title. @defaultValue 'Event streams' */
  title?: string;
  /** Time between two updates, in milliseconds; at least 100. @defaultValue 2_000 */
  refreshMs?: number;
  /** Most streams, and most feeds, that are listed. @defaultValue 200 */
  maxRows?: number;
}

/** Returned by {@link adminPage}: a handler for `app.use(path, …)`, and for plain `node:http`. */
export interface AdminPage {
  (req: IncomingMessage, res: ServerResponse): void;
  /** Ends the live views, so that they don't keep a server from closing. */
  close(): void;
}
