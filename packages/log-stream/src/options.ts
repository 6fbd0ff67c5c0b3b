import { describe, LogStreamError } from './errors.ts';
import type { LogStore, LogStreamLimits, LogStreamOptions } from './types.ts';

/** What a value may be, in words, and whether it is. */
export type Kind = readonly [expected: string, is: (value: unknown) => boolean];
/** Per option: its default and what it may be. The compiler keeps a table exhaustive over the keys of its options. */
export type Rules<Name extends string> = Record<Name, readonly [fallback: unknown, ...anyOf: Kind[]]>;

/** The longest delay of a Node.js timer; a longer one fires at once. */
const maxTimerMs = 2 ** 31 - 1;

const off: Kind = ['false', (value) => value === false];
const callback: Kind = ['a function', (value) => typeof value === 'function'];
const object: Kind = ['an object', (value) => typeof value === 'object' && value !== null && !Array.isArray(value)];
const wholeNumber = (min: number, max: number): Kind => [
  `a whole number from ${min} to ${max}`,
  (value) => Number.isInteger(value) && min <= Number(value) && Number(value) <= max,
];
/** A delay in milliseconds. */
export const delay = wholeNumber(1, maxTimerMs);
export const count = wholeNumber(1, Number.MAX_SAFE_INTEGER);

const storeMethods = [
  'epoch',
  'bounds',
  'contains',
  'append',
  'query',
  'read',
  'subscribe',
  'health',
  'close',
] as const satisfies (keyof LogStore)[];
const store: Kind = [
  `a LogStore (an object with the methods ${storeMethods.join(', ')})`,
  (value) =>
    object[1](value) && storeMethods.every((name) => typeof (value as Record<string, unknown>)[name] === 'function'),
];
const token: Kind = [
  'a string of visible ASCII characters',
  (value) => typeof value === 'string' && /^[\x21-\x7e]+$/.test(value),
];

const routerRules: Rules<keyof LogStreamOptions> = {
  store: [undefined, store],
  token: [undefined, token, off, ['undefined', (value) => value === undefined]],
  heartbeatMs: [15_000, delay, off],
  retryMs: [5_000, wholeNumber(0, maxTimerMs), off],
  limits: [{}, object],
  maxStallMs: [60_000, delay, off],
  onError: [(error: Error) => process.emitWarning(error), callback],
};
const limitRules: Rules<keyof LogStreamLimits> = {
  total: [10_000, count],
};

/** Options whose value never enters an error message. */
const secret = new Set(['token']);

/**
 * Checks options against a rule table and fills in the defaults. An option that is `undefined` counts as left out.
 *
 * @throws LogStreamError `ERR_LOG_STREAM_OPTION` naming the option, what was expected and what arrived
 */
export function readOptions<T>(owner: string, given: unknown, rules: Rules<keyof T & string>, prefix = ''): T {
  const refuse = (name: string, expected: string, got: string): never => {
    const option = name === '' ? 'options' : `option ${prefix}${name}`;
    throw new LogStreamError('ERR_LOG_STREAM_OPTION', `${owner} ${option}: expected ${expected}, got ${got}`);
  };
  if (!object[1](given)) refuse('', 'an object', describe(given));
  const names = Object.keys(rules) as (keyof T & string)[];
  for (const name of Object.keys(given as object)) {
    if (!(names as string[]).includes(name)) refuse(name, `one of ${names.join(', ')}`, 'an unknown option');
  }
  const entries = names.map((name) => {
    const [fallback, ...anyOf] = rules[name];
    const { [name]: value = fallback } = given as Partial<Record<string, unknown>>;
    if (!anyOf.some(([, is]) => is(value))) {
      const got = secret.has(name) ? `${typeof value} (not shown)` : describe(value);
      refuse(name, anyOf.map(([expected]) => expected).join(', or '), got);
    }
    return [name, value];
  });
  return Object.fromEntries(entries) as T;
}

/** Options with every default filled in. */
export type Complete<T> = { readonly [Name in keyof T]-?: Exclude<T[Name], undefined> };

/** The checked options of a router. Without a token, or with `false`, the service is open. */
export type LogStreamConfig = Complete<Omit<LogStreamOptions, 'token' | 'limits'>> & {
  readonly token: string | false | undefined;
  readonly limits: Complete<LogStreamLimits>;
};

/** @throws LogStreamError `ERR_LOG_STREAM_OPTION` naming the option, what was expected and what arrived */
export function configOf(options: LogStreamOptions): LogStreamConfig {
  const config = readOptions<LogStreamConfig>('logStreamRouter', options, routerRules);
  const limits = readOptions<Complete<LogStreamLimits>>('logStreamRouter', config.limits, limitRules, 'limits.');
  return Object.freeze({ ...config, limits: Object.freeze(limits) });
}
