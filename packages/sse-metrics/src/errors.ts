/**
 * Stable machine-readable codes.
 *
 * - `ERR_SSE_METRICS_NODE`: the package was loaded by a Node.js older than 22.19.
 * - `ERR_SSE_METRICS_OPTION`: an option is unknown or wrong.
 */
export type SseMetricsErrorCode = 'ERR_SSE_METRICS_NODE' | 'ERR_SSE_METRICS_OPTION';

/**
 * The only error class of this package: thrown for options that are unknown or wrong, and at load on a Node.js that is
 * too old.
 */
export class SseMetricsError extends Error {
  /** Always `'SseMetricsError'`. */
  override readonly name = 'SseMetricsError';
  /** What failed. */
  readonly code: SseMetricsErrorCode;

  constructor(code: SseMetricsErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
