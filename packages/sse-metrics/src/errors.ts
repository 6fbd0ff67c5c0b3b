/** Stable machine-readable codes. */
export type SseMetricsErrorCode = 'ERR_SSE_METRICS_OPTION';

/** The only error class of this package: thrown for options that are unknown or wrong. */
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
