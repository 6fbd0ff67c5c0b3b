import { SseMetricsError } from '../errors.ts';
import { checkOptions, hasMethods } from '../options.ts';

const isRegistry = [
  'a Registry of prom-client',
  (value: unknown) => hasMethods(value, 'registerMetric', 'metrics'),
] as const;
const isPrefix = [
  'letters, digits and _, not beginning with a digit',
  (value: unknown) => typeof value === 'string' && /^([a-zA-Z_]\w*)?$/.test(value),
] as const;

/**
 * Checks the options `registry` and `prefix`.
 *
 * @throws SseMetricsError `ERR_SSE_METRICS_OPTION`
 */
export function checkRegistry(where: string, options: unknown): void {
  checkOptions(where, options, { registry: isRegistry }, { prefix: isPrefix });
}

/**
 * Registers metrics.
 *
 * @throws SseMetricsError `ERR_SSE_METRICS_OPTION` if the registry has a metric of the same name
 */
export function inRegistry<T>(where: string, register: () => T): T {
  try {
    return register();
  } catch (cause) {
    const message = `${where} option registry: expected one without these metrics, got: ${(cause as Error).message}`;
    throw new SseMetricsError('ERR_SSE_METRICS_OPTION', `${message} Use one ${where} for all, or a prefix.`, { cause });
  }
}
