import type {
  ResumeOptions,
  SlowClientOptions,
  SseObserver,
  SseProxyOptions,
  StreamLimiter,
  StreamLimits,
} from '../types.ts';
import { defaults } from './defaults.ts';
import { readResume, readShare, type ShareConfig } from './feed-options.ts';
import { createLimiter } from './limiter.ts';
import { addedHeaders, allowedOrigins, forwardedHeaders, forwardedQueryNames } from './request-options.ts';
import { parseTarget, type TargetTemplate } from './target.ts';
import * as check from './validate.ts';

/** Validated, complete, frozen. Everything behind the factory reads this and never the user's object. */
export interface Config {
  readonly target: TargetTemplate | Extract<SseProxyOptions['target'], (...args: never[]) => unknown>;
  readonly forwardHeaders: readonly string[];
  readonly forwardCookies: readonly string[];
  readonly forwardQuery: readonly string[] | true;
  readonly upstreamHeaders: NonNullable<SseProxyOptions['upstreamHeaders']>;
  readonly authorize: SseProxyOptions['authorize'];
  readonly reauthorizeMs: number | false;
  readonly share: ShareConfig | false;
  readonly resume: Required<ResumeOptions> | false;
  readonly heartbeatMs: number | false;
  readonly retryMs: number | false;
  readonly connectTimeoutMs: number;
  readonly headersTimeoutMs: number;
  readonly idleTimeoutMs: number | false;
  /** Whether the user set idleTimeoutMs: then it also binds an upstream that never showed life. */
  readonly idleTimeoutIsSet: boolean;
  readonly maxDurationMs: number | false;
  readonly hookTimeoutMs: number;
  readonly slowClient: Required<SlowClientOptions>;
  readonly maxEventBytes: number;
  readonly limiter: StreamLimiter;
  readonly limitKey: StreamLimits['key'];
  readonly refuse: 'soft' | 'status';
  readonly allowOrigins: readonly string[];
  readonly transform: SseProxyOptions['transform'];
  readonly observers: readonly SseObserver[];
  readonly dispatcher: SseProxyOptions['dispatcher'];
  /** Period of the one timer that everything slow hangs on. */
  readonly beatMs: number;
  /** Period of the timer that looks for silent upstreams, of which there may be as many as browsers. */
  readonly idleBeatMs: number;
}

// Kept exhaustive by the compiler: a new option that is not listed here does not build.
const knownOptions: Record<keyof SseProxyOptions, true> = {
  target: true,
  forwardHeaders: true,
  forwardCookies: true,
  forwardQuery: true,
  upstreamHeaders: true,
  authorize: true,
  reauthorizeMs: true,
  share: true,
  resume: true,
  heartbeatMs: true,
  retryMs: true,
  connectTimeoutMs: true,
  headersTimeoutMs: true,
  idleTimeoutMs: true,
  maxDurationMs: true,
  hookTimeoutMs: true,
  slowClient: true,
  maxEventBytes: true,
  limits: true,
  refuse: true,
  allowOrigins: true,
  transform: true,
  observers: true,
  dispatcher: true,
};
const knownSlowClient: Record<keyof SlowClientOptions, true> = {
  maxBufferedBytes: true,
  maxStallMs: true,
  maxTotalBytes: true,
};
const knownLimits: Record<keyof StreamLimits, true> = { total: true, perKey: true, opensPerMinute: true, key: true };
const knownHooks: Record<keyof SseObserver, true> = {
  onOpen: true,
  onClose: true,
  onRefuse: true,
  onResume: true,
  onGap: true,
  onEvict: true,
  onError: true,
};

/**
 * Checks the user's options and fills in the defaults.
 *
 * @throws SseProxyError `ERR_SSE_OPTION`, naming the option, what was expected and what arrived
 */
export function readOptions(options: SseProxyOptions): Config {
  check.knownNames('', options, knownOptions);
  const slow = check.knownNames('slowClient', check.ifSet(options.slowClient), knownSlowClient);
  const forwardHeaders = forwardedHeaders(options.forwardHeaders);
  const config = {
    target: typeof options.target === 'function' ? options.target : parseTarget(options.target),
    forwardHeaders,
    forwardCookies: check.strings('forwardCookies', options.forwardCookies, []),
    forwardQuery: forwardedQueryNames(options.forwardQuery),
    upstreamHeaders: addedHeaders(options.upstreamHeaders),
    authorize: check.optionalFunction('authorize', options.authorize) && options.authorize,
    reauthorizeMs: check.durationOrFalse('reauthorizeMs', options.reauthorizeMs, false),
    share: readShare(options, forwardHeaders),
    resume: readResume(options.resume),
    heartbeatMs: check.durationOrFalse('heartbeatMs', options.heartbeatMs, defaults.heartbeatMs),
    retryMs: check.durationOrFalse('retryMs', options.retryMs, defaults.retryMs),
    connectTimeoutMs: check.duration('connectTimeoutMs', options.connectTimeoutMs, defaults.connectTimeoutMs),
    headersTimeoutMs: check.duration('headersTimeoutMs', options.headersTimeoutMs, defaults.headersTimeoutMs),
    idleTimeoutMs: check.durationOrFalse('idleTimeoutMs', options.idleTimeoutMs, defaults.idleTimeoutMs),
    idleTimeoutIsSet: options.idleTimeoutMs !== undefined,
    maxDurationMs: check.durationOrFalse('maxDurationMs', options.maxDurationMs, false),
    hookTimeoutMs: check.duration('hookTimeoutMs', options.hookTimeoutMs, defaults.hookTimeoutMs),
    slowClient: Object.freeze({
      maxBufferedBytes: check.count(
        'slowClient.maxBufferedBytes',
        slow.maxBufferedBytes,
        defaults.slowClient.maxBufferedBytes,
      ),
      maxStallMs: check.duration('slowClient.maxStallMs', slow.maxStallMs, defaults.slowClient.maxStallMs),
      maxTotalBytes: check.count('slowClient.maxTotalBytes', slow.maxTotalBytes, defaults.slowClient.maxTotalBytes),
    }),
    maxEventBytes: check.count('maxEventBytes', options.maxEventBytes, defaults.maxEventBytes),
    ...limits(options),
    refuse: check.oneOf('refuse', options.refuse, ['soft', 'status'], defaults.refuse),
    allowOrigins: allowedOrigins(options.allowOrigins),
    transform: check.optionalFunction('transform', options.transform) && options.transform,
    observers: observers(options.observers),
    dispatcher: dispatcher(options.dispatcher),
  };
  if (config.reauthorizeMs && !config.authorize)
    check.refuseOption('reauthorizeMs', 'authorize to be set too', config.reauthorizeMs);
  const idleBeatMs = quarterOf(config.idleTimeoutMs || defaults.idleTimeoutMs);
  return Object.freeze({ ...config, beatMs: beatPeriod(config), idleBeatMs });
}

function limits(options: SseProxyOptions): Pick<Config, 'limiter' | 'limitKey'> {
  const value = check.ifSet(options.limits);
  if (check.isRecord(value) && 'acquire' in value) {
    if (typeof value.acquire !== 'function') check.refuseOption('limits.acquire', 'a function', value.acquire);
    return { limiter: value as unknown as StreamLimiter, limitKey: undefined };
  }
  check.knownNames('limits', value, knownLimits);
  const { total, perKey, opensPerMinute, key } = value as StreamLimits;
  check.optionalFunction('limits.key', key);
  if ((perKey !== undefined || opensPerMinute !== undefined) && !key && !options.authorize) {
    const name = perKey !== undefined ? 'limits.perKey' : 'limits.opensPerMinute';
    check.refuseOption(
      name,
      'a key to count by: limits.key, or authorize that gives { key }',
      perKey ?? opensPerMinute,
    );
  }
  const limiter = createLimiter({
    total: check.count('limits.total', total, defaults.limits.total),
    perKey: check.count('limits.perKey', perKey, Number.POSITIVE_INFINITY),
    opensPerMinute: check.count('limits.opensPerMinute', opensPerMinute, Number.POSITIVE_INFINITY),
  });
  return { limiter, limitKey: key };
}

function observers(value: unknown): readonly SseObserver[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) return check.refuseOption('observers', 'an array of observers', value);
  value.forEach((observer, index) => {
    if (!check.isRecord(observer)) check.refuseOption(`observers[${index}]`, 'an object with hooks', observer);
    for (const hook of Object.keys(knownHooks)) check.optionalFunction(`observers[${index}].${hook}`, observer[hook]);
  });
  return [...value];
}

function dispatcher(value: SseProxyOptions['dispatcher']): Config['dispatcher'] {
  if (value !== undefined && typeof value?.dispatch !== 'function') {
    check.refuseOption('dispatcher', 'an undici Dispatcher (an object with dispatch)', value);
  }
  return value;
}

// Four beats in what is measured in beats keep it within a quarter of what was asked for.
function quarterOf(spanMs: number): number {
  return Math.max(5, spanMs / 4);
}

function beatPeriod(
  config: Pick<Config, 'heartbeatMs' | 'idleTimeoutMs' | 'slowClient' | 'maxDurationMs' | 'reauthorizeMs'>,
): number {
  const { heartbeatMs, idleTimeoutMs, maxDurationMs, reauthorizeMs, slowClient } = config;
  const spans = [heartbeatMs, idleTimeoutMs, maxDurationMs, reauthorizeMs, slowClient.maxStallMs].filter(
    (span) => span !== false,
  );
  return Math.min(1_000, quarterOf(Math.min(...spans)));
}
