import { SseMetricsError } from './errors.ts';

/** How an error describes the allowed values, and the check of a value. */
export type Check = readonly [expected: string, isValid: (value: unknown) => boolean];

/**
 * Checks the names and values of a user's options; `undefined` means "left out".
 *
 * @throws SseMetricsError `ERR_SSE_METRICS_OPTION` that names the option, what was expected and what arrived
 */
export function checkOptions(
  where: string,
  given: unknown,
  required: Record<string, Check>,
  rest: Record<string, Check>,
): void {
  if (!isRecord(given)) refuse(where, 'an object with options', given);
  const known = { ...required, ...rest };
  for (const name of Object.keys(given)) {
    if (Object.hasOwn(known, name)) continue;
    const names = Object.keys(known).join(', ');
    throw new SseMetricsError(
      'ERR_SSE_METRICS_OPTION',
      `${where} option ${name}: expected one of ${names}, got an unknown name`,
    );
  }
  for (const [name, [expected, isValid]] of Object.entries(known)) {
    const value = given[name];
    if (value === undefined && !Object.hasOwn(required, name)) continue;
    if (!isValid(value)) refuse(`${where} option ${name}`, expected, value);
  }
}

/** @throws SseMetricsError `ERR_SSE_METRICS_OPTION` */
export function refuse(what: string, expected: string, got: unknown): never {
  throw new SseMetricsError('ERR_SSE_METRICS_OPTION', `${what}: expected ${expected}, got ${show(got)}`);
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Describes a value for an error. Shows only the kind of a string, which may be a secret, and of an object. */
function show(value: unknown): string {
  if (typeof value === 'string') return `a string of ${value.length} characters`;
  if (Array.isArray(value)) return `an array of ${value.length}`;
  return typeof value === 'object' && value !== null
    ? 'an object'
    : typeof value === 'function'
      ? 'a function'
      : String(value);
}

/** True for an object with all these functions, such as a logger. */
export function hasMethods(value: unknown, ...names: string[]): boolean {
  const it = (typeof value === 'function' ? value : isRecord(value) ? value : {}) as Record<string, unknown>;
  return names.every((name) => typeof it[name] === 'function');
}
