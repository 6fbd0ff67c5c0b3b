import { SseMetricsError } from '../errors.ts';
import { type Check, checkOptions, hasMethods } from '../options.ts';

/** The allowed values of the options `registry` and `prefix`. */
export const registryRules = {
  registry: ['a Registry of prom-client', (value: unknown) => hasMethods(value, 'registerMetric', 'metrics')],
  prefix: [
    'letters, digits and _, not beginning with a digit',
    (value: unknown) => typeof value === 'string' && /^([a-zA-Z_]\w*)?$/.test(value),
  ],
} as const satisfies Record<string, Check>;

/**
 * Checks the options `registry` and `prefix`.
 *
 * @throws SseMetricsError `ERR_SSE_METRICS_OPTION`
 */
export function checkRegistry(where: string, options: unknown): void {
  checkOptions(where, options, { registry: registryRules.registry }, { prefix: registryRules.prefix });
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
