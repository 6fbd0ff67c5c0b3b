import { SseProxyError, show } from '../errors.ts';

export const maxTimerMs = 2 ** 31 - 1;

/** Throws `ERR_SSE_OPTION`, naming the option, what was expected and what arrived. */
export function refuseOption(name: string, expected: string, got: unknown): never {
  throw new SseProxyError('ERR_SSE_OPTION', {
    message: `sse-proxy option ${name}: expected ${expected}, got ${show(got)}`,
  });
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** `value` as an object that has no other names than those of `known`. */
export function knownNames(name: string, value: unknown, known: Record<string, true>): Record<string, unknown> {
  if (!isRecord(value)) return refuseOption(name || 'options', 'an object', value);
  for (const key of Object.keys(value)) {
    if (Object.hasOwn(known, key)) continue;
    const path = name ? `${name}.${key}` : key;
    throw new SseProxyError('ERR_SSE_OPTION', {
      message: `sse-proxy option ${path}: unknown; known are ${Object.keys(known).join(', ')}`,
    });
  }
  return value;
}

/** An option that may be left out; null is no object, though it is often meant as one. */
export function ifSet(value: unknown): unknown {
  return value === undefined ? {} : value;
}

/** Milliseconds that a timer can count. */
export function duration(name: string, value: unknown, fallback: number): number {
  if (value === undefined) return fallback;
  if (typeof value !== 'number' || !(value > 0) || value > maxTimerMs) {
    return refuseOption(name, `milliseconds above 0, at most ${maxTimerMs}`, value);
  }
  return value;
}

/** Milliseconds, or `false` for never. */
export function durationOrFalse(name: string, value: unknown, fallback: number | false): number | false {
  if (value === false) return false;
  if (value === undefined) return fallback;
  if (typeof value !== 'number') return refuseOption(name, 'milliseconds or false', value);
  return duration(name, value, 0);
}

/** A whole number above 0. */
export function count(name: string, value: unknown, fallback: number): number {
  if (value === undefined) return fallback;
  if (!Number.isSafeInteger(value) || (value as number) < 1) return refuseOption(name, 'a whole number above 0', value);
  return value as number;
}

export function oneOf<T extends string>(name: string, value: unknown, choices: readonly T[], fallback: T): T {
  if (value === undefined) return fallback;
  if (!choices.includes(value as T)) refuseOption(name, choices.map((choice) => `'${choice}'`).join(' or '), value);
  return value as T;
}

/** A function, or undefined. What it does is known only when it is called. */
export function optionalFunction(name: string, value: unknown): ((...args: never[]) => unknown) | undefined {
  if (value !== undefined && typeof value !== 'function') refuseOption(name, 'a function', value);
  return value as ((...args: never[]) => unknown) | undefined;
}

/** A copy, frozen: what was checked stays. */
export function strings(name: string, value: unknown, fallback: readonly string[]): readonly string[] {
  if (value === undefined) return fallback;
  if (!Array.isArray(value)) return refuseOption(name, 'an array of strings', value);
  const odd = value.findIndex((item) => typeof item !== 'string' || item === '');
  if (odd !== -1) refuseOption(name, 'an array of strings that are not empty', value[odd]);
  return Object.freeze([...value]);
}
