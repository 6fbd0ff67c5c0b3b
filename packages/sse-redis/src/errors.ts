/**
 * Stable machine-readable codes; each has a heading in the README.
 *
 * - `ERR_SSE_REDIS_OPTION`: an option is unknown or wrong.
 * - `ERR_SSE_REDIS_CONNECT`: no connection to Redis, or none to the master that Sentinel names.
 * - `ERR_SSE_REDIS_LOST`: the connection has ended.
 * - `ERR_SSE_REDIS_TIMEOUT`: Redis did not respond within `commandTimeoutMs`.
 * - `ERR_SSE_REDIS_REPLY`: Redis replied with an error.
 */
export type SseRedisErrorCode =
  | 'ERR_SSE_REDIS_OPTION'
  | 'ERR_SSE_REDIS_CONNECT'
  | 'ERR_SSE_REDIS_LOST'
  | 'ERR_SSE_REDIS_TIMEOUT'
  | 'ERR_SSE_REDIS_REPLY';

/**
 * The only error class of this package: thrown for options that are unknown or wrong, and passed to `onModeChange` when
 * Redis can't be used. Messages hold no address, user name or password.
 */
export class SseRedisError extends Error {
  /** Always `'SseRedisError'`. */
  override readonly name = 'SseRedisError';
  /** What failed. */
  readonly code: SseRedisErrorCode;

  constructor(code: SseRedisErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
