import type { LabelValues } from '../labels/values.ts';

/** Error code of the log service → the refusal reason that sse-proxy would report. */
export const reasonsByCode: Readonly<Record<string, string>> = {
  ERR_LOG_STREAM_PARAMETER: 'parameter',
  ERR_LOG_STREAM_PATH: 'parameter',
  ERR_LOG_STREAM_NOT_FOUND: 'parameter',
  ERR_LOG_STREAM_TOKEN_MISSING: 'forbidden',
  ERR_LOG_STREAM_TOKEN_WRONG: 'forbidden',
  ERR_LOG_STREAM_UNAUTHENTICATED: 'forbidden',
  ERR_LOG_STREAM_FORBIDDEN: 'forbidden',
  ERR_LOG_STREAM_METHOD: 'method',
  ERR_LOG_STREAM_LIMIT: 'limit',
  ERR_LOG_STREAM_LIMIT_KEY: 'limit',
  ERR_LOG_STREAM_LIMIT_RATE: 'limit',
  ERR_LOG_STREAM_CLOSING: 'draining',
  ERR_LOG_STREAM_HOOK: 'internal',
  ERR_LOG_STREAM_STORE: 'internal',
};

/** The label values of the log service. */
export const logValues: LabelValues = {
  closeReasons: ['browser-left', 'evicted', 'store-failed', 'write-failed', 'draining'],
  gapReasons: ['unknown-id', 'trimmed', 'unreadable', 'event-too-large'],
  evictBounds: ['maxStallMs'],
  errorCodes: Object.keys(reasonsByCode),
  refusalReasons: [...new Set(Object.values(reasonsByCode))],
};
