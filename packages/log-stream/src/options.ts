import { describe, LogStreamError, quote } from './errors.ts';
import type { LogStore } from './log-store.ts';
import type { LogLimitRule, LogStreamLimits, LogStreamObserver, LogStreamOptions } from './types.ts';

/** What a value may be, in words, and the check of it. */
export type Kind = readonly [expected: string, is: (value: unknown) => boolean];
/** Per option: its default and what it may be. The compiler keeps a table exhaustive over the keys of its options. */
export type Rules<Name extends string> = Record<Name, readonly [fallback: unknown, ...anyOf: Kind[]]>;

/** The longest delay of a Node.js timer; a longer one fires at once. */
const maxTimerMs = 2 ** 31 - 1;

const none: Kind = ['undefined', (value) => value === undefined];
const flag: Kind = ['true or false', (value) => typeof value === 'boolean'];
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
/** Each open within a window is stored. */
const windowCount = wholeNumber(1, 10_000);

const storeMethods = [
  'end',
  'newest',
  'resume',
  'locate',
  'idOf',
  'isId',
  'append',
  'query',
  'volume',
  'read',
  'tailOf',
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
  token: [undefined, token, off, none],
  authorize: [undefined, callback, none],
  demoRoute: [false, flag],
  stream: [true, flag],
  heartbeatMs: [15_000, delay, off],
  retryMs: [5_000, wholeNumber(0, maxTimerMs), off],
  limits: [{}, object],
  maxStallMs: [60_000, delay, off],
  onError: [(error: Error) => process.emitWarning(error), callback],
  observers: [[], ['an array of objects', (value) => Array.isArray(value) && value.every(object[1])]],
};
const limitRules: Rules<keyof LogStreamLimits> = {
  total: [10_000, count],
  pages: [100, count],
  rules: [[], ['an array', Array.isArray]],
};
const ruleRules: Rules<keyof LogLimitRule> = {
  name: [undefined, ['a string that is not empty', (value) => typeof value === 'string' && value !== '']],
  key: [undefined, callback, none],
  max: [undefined, count, none],
  opensPerMinute: [undefined, windowCount, none],
  opensPerHour: [undefined, windowCount, none],
};

/** Options whose value never enters an error message. */
const secret = new Set(['token', 'server', 'url']);

/**
 * Checks options against a rule table and fills in the defaults. An option that is `undefined` counts as left out.
 *
 * @throws LogStreamError `ERR_LOG_STREAM_OPTION` naming the option, what was expected and what arrived
 */
export function readOptions<T>(owner: string, given: unknown, rules: Rules<keyof T & string>, prefix = ''): T {
  const refuse = (name: string, expected: string, got: string): never => {
    const whole = prefix === '' ? 'options' : `option ${prefix.slice(0, -1)}`;
    const option = name === '' ? whole : `option ${prefix}${name}`;
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
export type LogStreamConfig = Complete<Omit<LogStreamOptions, 'token' | 'authorize' | 'limits' | 'observers'>> & {
  readonly token: string | false | undefined;
  readonly authorize: LogStreamOptions['authorize'];
  readonly limits: Complete<LogStreamLimits>;
  readonly observers: readonly LogStreamObserver[];
};

/** @throws LogStreamError `ERR_LOG_STREAM_OPTION` naming the option, what was expected and what arrived */
export function configOf(options: LogStreamOptions): LogStreamConfig {
  const config = readOptions<LogStreamConfig>('logStreamRouter', options, routerRules);
  const limits = readOptions<Complete<LogStreamLimits>>('logStreamRouter', config.limits, limitRules, 'limits.');
  const rules = limitRulesOf(limits.rules, config.authorize !== undefined);
  if (config.demoRoute && config.authorize !== undefined) {
    throw optionError('demoRoute', 'false where authorize decides per workflow', 'true');
  }
  const observers = config.observers.map(checkObserver);
  return Object.freeze({ ...config, observers, limits: Object.freeze({ ...limits, rules }) });
}

const hookNames = Object.keys({
  onAttach: true,
  onOpen: true,
  onFirstEvent: true,
  onEvent: true,
  onArrive: true,
  onRefuse: true,
  onGap: true,
  onEvict: true,
  onClose: true,
} satisfies Record<keyof LogStreamObserver, true>) as (keyof LogStreamObserver)[];

/** Refuses hooks that would never be called: those that are no function, or are misspelt. */
function checkObserver(observer: LogStreamObserver, index: number): LogStreamObserver {
  const path = `observers[${index}]`;
  for (const name of hookNames) {
    const hook: unknown = observer[name];
    if (hook !== undefined && typeof hook !== 'function')
      throw optionError(`${path}.${name}`, 'a function', describe(hook));
  }
  const typo = Object.keys(observer).find((name) => /^on[A-Z]/i.test(name) && !(hookNames as string[]).includes(name));
  if (typo !== undefined) throw optionError(path, `hooks out of ${hookNames.join(', ')}`, quote(typo));
  return observer;
}

/** Checks `limits.rules` and copies them, so that a later change of the user's objects has no effect. */
function limitRulesOf(given: readonly unknown[], hasAuthorize: boolean): readonly LogLimitRule[] {
  const names = new Set(['total', 'pages']);
  return given.map((entry, index) => {
    const path = `limits.rules[${index}]`;
    const rule = readOptions<LogLimitRule>('logStreamRouter', entry, ruleRules, `${path}.`);
    if (names.has(rule.name)) throw optionError(`${path}.name`, 'a name that no other limit has', quote(rule.name));
    names.add(rule.name);
    if ((rule.max ?? rule.opensPerMinute ?? rule.opensPerHour) === undefined) {
      throw optionError(path, 'a bound (max, opensPerMinute or opensPerHour)', 'none');
    }
    if (rule.key === undefined && !hasAuthorize) {
      throw optionError(`${path}.key`, 'a function, since there is no authorize to return a key', 'undefined');
    }
    return Object.freeze(rule);
  });
}

function optionError(path: string, expected: string, got: string): LogStreamError {
  const message = `logStreamRouter option ${path}: expected ${expected}, got ${got}`;
  return new LogStreamError('ERR_LOG_STREAM_OPTION', message);
}
