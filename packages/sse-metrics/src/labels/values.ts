import type { CloseReason, EvictContext, GapReason, SseProxyErrorCode } from '@datashop/sse-proxy';

/** All label values of one kind of source. */
export interface LabelValues {
  readonly closeReasons: readonly string[];
  readonly gapReasons: readonly string[];
  readonly evictBounds: readonly string[];
  readonly errorCodes: readonly string[];
  readonly refusalReasons: readonly string[];
}

/** The members of a union, which the compiler keeps complete. */
function members<T extends string>(all: Readonly<Record<T, true>>): readonly T[] {
  return Object.keys(all) as T[];
}

const closeReasons = members<CloseReason>({
  'browser-left': true,
  'upstream-ended': true,
  'upstream-broken': true,
  'upstream-idle': true,
  'upstream-refused': true,
  'refused-late': true,
  evicted: true,
  'max-duration': true,
  unauthorized: true,
  'transform-failed': true,
  'hook-failed': true,
  draining: true,
});

const gapReasons = members<GapReason>({
  'no-ids': true,
  'unusable-id': true,
  'ids-restarted': true,
  'unknown-id': true,
  'event-too-large': true,
  'replay-too-long': true,
  unmatched: true,
});

const evictBounds = members<EvictContext['bound']>({
  maxBufferedBytes: true,
  maxStallMs: true,
  maxTotalBytes: true,
});

const errorCodes = members<SseProxyErrorCode>({
  ERR_SSE_RUNTIME: true,
  ERR_SSE_OPTION: true,
  ERR_SSE_METHOD: true,
  ERR_SSE_NOT_ACCEPTABLE: true,
  ERR_SSE_CROSS_SITE: true,
  ERR_SSE_FORBIDDEN: true,
  ERR_SSE_PARAMETER: true,
  ERR_SSE_PIPELINED: true,
  ERR_SSE_LIMIT: true,
  ERR_SSE_LIMIT_KEY: true,
  ERR_SSE_LIMIT_RATE: true,
  ERR_SSE_LIMIT_UPSTREAMS: true,
  ERR_SSE_OVERLOAD: true,
  ERR_SSE_DRAINING: true,
  ERR_SSE_HOOK: true,
  ERR_SSE_HOOK_TIMEOUT: true,
  ERR_SSE_INTERNAL: true,
  ERR_SSE_UPSTREAM_CONNECT: true,
  ERR_SSE_UPSTREAM_TIMEOUT: true,
  ERR_SSE_UPSTREAM_BUSY: true,
  ERR_SSE_UPSTREAM_TOKEN: true,
  ERR_SSE_UPSTREAM_REFUSED: true,
  ERR_SSE_UPSTREAM_NO_CONTENT: true,
  ERR_SSE_UPSTREAM_REDIRECT: true,
  ERR_SSE_UPSTREAM_NOT_SSE: true,
  ERR_SSE_UPSTREAM_PROTOCOL: true,
  ERR_SSE_UPSTREAM_BROKEN: true,
  ERR_SSE_UPSTREAM_IDLE: true,
  ERR_SSE_SOURCE: true,
  ERR_SSE_SOURCE_EVENT: true,
  ERR_SSE_EVENT_TOO_LARGE: true,
  ERR_SSE_TRANSFORM: true,
});

/** `reason` of the errors above, in their order. The reason `limit` also has a rule. */
const refusalReasons = [
  'internal',
  'method',
  'not-acceptable',
  'cross-site',
  'forbidden',
  'parameter',
  'pipelined',
  'limit',
  'overload',
  'draining',
  'upstream',
  'upstream-refused',
  'upstream-done',
  'upstream-answer',
] as const;

/** The values of `@datashop/sse-proxy`. */
export const proxyValues: LabelValues = { closeReasons, gapReasons, evictBounds, errorCodes, refusalReasons };
