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
  redis_mode: {
    /** The mode of `redisFeeds`. */
    feeds: RedisMode | undefined;
    /** The mode of `redisLimiter`. */
    limits: RedisMode | undefined;
  };
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
  /**
   * Called once by `redisFeeds` and by `redisLimiter`, before any other hook. Creates the series of the part, with the
   * value 0.
   */
  onAttach(context: {
    /** What uses Redis: the label `part`. */
    readonly part: RedisPart;
    /** Returns the current state. It is called at each scrape and by `summary()`. */
    stats(): {
      /** Whether Redis is used now. */
      readonly mode: RedisMode;
    };
  }): void;
  /**
   * Called for every failed attempt to connect, and for every connection that is lost. Counts the error by its code.
   */
  onError(context: {
    /** What uses Redis: the label `part`. */
    readonly part: RedisPart;
    /** What failed. */
    readonly error: Error & {
      /** A code of `SseRedisError`: the label `code`. */
      readonly code: string;
    };
  }): void;
  /**
   * Called when a command, or several that were sent together, were executed, refused or timed out. Adds the time to
   * the histogram.
   */
  onCommand(context: {
    /** What uses Redis: the label `part`. */
    readonly part: RedisPart;
    /** Time from sending the commands to the last reply, or until they were given up, in milliseconds. */
    readonly durationMs: number;
  }): void;
  /** Called when a lease is lost although Redis responds. Counts it. */
  onLeaseLost(context: {
    /** What uses Redis: the label `part`. */
    readonly part: RedisPart;
  }): void;
  /** The most important figures, for a page or a script that doesn't speak Prometheus. */
  summary(): RedisSummary;
}

/** What `redisFeeds` or `redisLimiter` of `@datashop/sse-redis` returned, as far as it can be inspected. */
export interface RedisInspectable {
  /** Returns the current state. */
  stats(): {
    /** Whether Redis is used now. */
    readonly mode: RedisMode;
    /** Feeds that this process reads for all instances; undefined for `redisLimiter`. */
    readonly led?: number;
    /** Open streams of this process that its limiter counts; undefined for `redisFeeds`. */
    readonly open?: number;
  };
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
  /** Random, unique to this request: relates log lines to each other. */
  readonly id: string;
  /** The route's template. */
  readonly route: string;
  /** The key that `authorize` returned; undefined until it has, or if it returned none. */
  readonly key: string | undefined;
  /** True if the client sent the id of an event, to resume after it. */
  readonly resumed: boolean;
  /** The workspace of the path; undefined on the demo route, which serves all workflows. */
  readonly workspaceID: string | undefined;
  /** The workflow of the path; undefined on the demo route, which serves all workflows. */
  readonly workflowID: string | undefined;
}

/** One open stream of the log service: `OpenLogStream` of `@datashop/log-stream`. */
export interface OpenLogServiceStream extends LogServiceStream {
  /** When the stream was opened, as an ISO 8601 time. */
  readonly since: string;
  /** Logs written. */
  readonly events: number;
  /** Bytes written, HTTP framing excluded. */
  readonly bytes: number;
  /** Bytes that the kernel has not accepted yet. */
  readonly bufferedBytes: number;
  /** True while it is sent new logs as they are appended; false while it is sent older ones or its socket is full. */
  readonly atTip: boolean;
}

/** What `logStreamRouter` of `@datashop/log-stream` returns, as far as it can be inspected. */
export interface LogServiceInspectable {
  /** The current gauges and counters. */
  stats(): {
    /** Open streams, including those that are being opened. */
    readonly streams: number;
    /** Streams whose headers have not been sent. */
    readonly opening: number;
    /** Counter: streams that were opened. */
    readonly opened: number;
    /** Counter: requests for streams and pages that were refused. */
    readonly refused: number;
    /** Counter: streams that were cut because their subscriber read no byte. */
    readonly evicted: number;
    /** Counter: logs written to streams. */
    readonly events: number;
    /** Counter: bytes written to streams, HTTP framing excluded. */
    readonly bytes: number;
    /** Bytes written to all streams that the kernel has not accepted yet. */
    readonly bufferedBytes: number;
    /** Age of the oldest open stream, in milliseconds; 0 without one. */
    readonly oldestMs: number;
    /** Whether `close()` was called. */
    readonly draining: boolean;
    /** Logs that became visible in the database later than the store expects, since the store was opened. */
    readonly lateDocuments: number;
  };
  /** The streams that are open now, oldest first. */
  streams(): readonly OpenLogServiceStream[];
}

/**
 * An observer of `@datashop/log-stream`, returned by {@link forLogService}. Each hook calls the hook of the same name
 * of the adapted observer, if it has one, with what the log service reports in the form of `@datashop/sse-proxy`. A
 * hook throws what the adapted hook throws; the log service ignores it.
 */
export interface LogServiceObserver {
  /** The router was created. Called once for each router that has this observer, before any other hook. */
  onAttach(
    context: LogServiceInspectable & {
      /** Templates of the routes of streams and pages: values of {@link LogServiceStream.route}. */
      readonly routes: readonly string[];
      /** Names of the limits: `total`, `pages` and those of `limits.rules`. */
      readonly rules: readonly string[];
    },
  ): void;
  /** A stream opened: its headers are sent, no event yet. */
  onOpen(context: {
    /** The stream that opened. */
    readonly stream: LogServiceStream;
    /** Time from the request to the open, in milliseconds. */
    readonly waitedMs: number;
    /** The first 16 hex digits of the SHA-256 of the client's Last-Event-ID; undefined if it sent none. */
    readonly lastEventIdHash: string | undefined;
  }): void;
  /** The first log of a stream was written, or the gap in its place. Called at most once per stream, after `onOpen`. */
  onFirstEvent(context: {
    /** The stream. */
    readonly stream: LogServiceStream;
    /** Time from the request to its first log, in milliseconds. */
    readonly waitedMs: number;
  }): void;
  /**
   * A log was written to a stream. Undefined unless the adapted observer has this hook: then no log is parsed for it.
   */
  onEvent?: (context: {
    /** The stream. */
    readonly stream: LogServiceStream;
    /** The log as it was written. */
    readonly event: {
      /** The id of the event. It may be a secret. */
      readonly id: string;
      /** The data: one line of JSON. It may be a secret. */
      readonly data: string;
    };
  }) => void;
  /** A request for a stream or a page was refused. Calls the adapted observer's `onError`, then its `onRefuse`. */
  onRefuse(context: {
    /** The request that got no stream or no page. */
    readonly stream: LogServiceStream;
    /** Why it was refused: a `LogStreamError`. */
    readonly error: Error & {
      /** What failed: a code of `LogStreamError`. */
      readonly code: string;
      /** Name of the limit that was reached; undefined for other errors. */
      readonly rule: string | undefined;
      /** Milliseconds after which the client may try again; undefined if unknown. */
      readonly retryAfterMs: number | undefined;
    };
    /** The HTTP status that was sent. */
    readonly status: number;
  }): void;
  /** A stream was sent a gap event. */
  onGap(context: {
    /** The stream that was sent the gap event. */
    readonly stream: LogServiceStream;
    /** Why logs are missing: `unknown-id`, `trimmed`, `unreadable` or `event-too-large`. */
    readonly reason: string;
  }): void;
  /** A client is disconnected because it reads no byte. Called before the `onClose` with reason `evicted`. */
  onEvict(context: {
    /** The stream of the client that reads no byte. */
    readonly stream: LogServiceStream;
    /** Bytes that were buffered for the client. */
    readonly bufferedBytes: number;
  }): void;
  /** An open stream ended. Called exactly once for every `onOpen`. */
  onClose(context: {
    /** The stream that ended. */
    readonly stream: LogServiceStream;
    /** Why it ended: a `LogCloseReason` of `@datashop/log-stream`. */
    readonly reason: string;
    /** Time from `onOpen` to the end, in milliseconds. */
    readonly durationMs: number;
    /** Logs written. */
    readonly events: number;
    /** Bytes written, heartbeats included, HTTP framing excluded. */
    readonly bytes: number;
  }): void;
}

/** A store of `@datashop/log-stream`, as far as it can be inspected. */
export interface InspectableLogStore {
  /** Tries to read and returns the state of the store. Must not reject. */
  health(): Promise<{
    /** What is wrong; undefined if the store works. */
    readonly problem: Error | undefined;
    /** Figures of the store by name: values of the label `figure`. Each store documents its figures. */
    readonly figures: Readonly<Record<string, number>>;
  }>;
}

/** Options of {@link logServiceMetrics}. */
export interface LogServiceMetricsOptions extends SseMetricsOptions {
  /** The store of the router. Its `health()` is called at each scrape. */
  store: InspectableLogStore;
}

/** An observer of `@datashop/log-stream`, returned by {@link logServiceMetrics}. */
export interface LogServiceMetrics {
  /** The router was created. Called once for each router that has this observer; their figures are added. */
  onAttach(context: {
    /** Returns the current figures of the router. It is called at each scrape. */
    stats(): {
      /** Counter: calls of the store that failed. */
      readonly storeErrors: number;
    };
  }): void;
  /** New logs were read for the streams at the newest log, and written to those whose filters they match. */
  onArrive(context: {
    /** Number of logs, in all workflows that were read together. */
    readonly logs: number;
    /** Time since the timestamp of the oldest of them, in milliseconds; a negative time counts as 0. */
    readonly oldestAgeMs: number;
  }): void;
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
