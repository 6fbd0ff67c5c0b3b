import type { EventStreamOptions, LiveOptions } from './types.ts';

type AnyOptions = EventStreamOptions<object>;
type AnyLiveOptions = LiveOptions<object>;
/** Options without a default. */
type Optional = 'fetch' | 'onResponse' | 'parse' | 'signal';

/** Validated options, with defaults. */
export type StreamConfig = Readonly<Omit<Required<AnyOptions>, Optional> & Pick<AnyOptions, Optional>>;

/** A kind of value: its name in messages, and its check. */
// biome-ignore lint/suspicious/noExplicitAny: the value may be anything
export type Kind = readonly [name: string, isValid: (value: any) => unknown];
/** The default of an option, and the kinds that it may have. The default is valid even if it is of none of them. */
export type Rule = readonly [fallback: unknown, ...kinds: Kind[]];
/** The compiler requires a rule for every option. */
export type Rules<Name extends string> = Record<Name, Rule>;

/** The longest delay that a browser's timer accepts. */
const maxCount = 2 ** 31 - 1;

const isOf = (type: string) => (value: unknown) => typeof value === type;
const isText = isOf('string');
const isPlain = (value: unknown) => isOf('object')(value) && value !== null && !Array.isArray(value);
export const isObjectOf = (value: unknown, isValid: (value: unknown) => boolean) =>
  isPlain(value) && Object.values(value as object).every(isValid);

export const text: Kind = ['a string', isText];
const flag: Kind = ['true or false', isOf('boolean')];
const no: Kind = ['false', (value) => value === false];
const callback: Kind = ['a function', isOf('function')];
export const count: Kind = [
  `a whole number from 1 to ${maxCount}`,
  (value) => Number.isInteger(value) && value > 0 && value <= maxCount,
];
const choice = (...choices: string[]): Kind => [`one of ${choices.join(', ')}`, (value) => choices.includes(value)];
/** The result of a function from the entry file that has the option's name. */
const made = (by: string, option: string): Kind => [
  `${by}() of @datashop/sse-client/${option}`,
  (value) => value?.option === option,
];

const liveRules: Rules<keyof LiveOptions> = {
  headers: [{}, ['an object of strings', (value) => isObjectOf(value, isText)], callback],
  credentials: ['same-origin', choice('same-origin', 'include', 'omit')],
  fetch: [undefined, callback],
  onResponse: [undefined, callback],
  temporaryStatuses: [{}, ['an object of true or false', (value) => isObjectOf(value, isOf('boolean'))]],
  maxRetries: [false, ['0', (value) => value === 0], count, no],
  parse: [undefined, made('parseWith', 'parse')],
  maxEntries: [10_000, count],
  maxEventChars: [1_048_576, count],
  watchdogMs: [45_000, count, no],
  minDelayMs: [1_000, count],
  maxDelayMs: [10_000, count],
  stableMs: [60_000, count],
};

const optionRules: Rules<keyof EventStreamOptions> = {
  autoConnect: [false, flag],
  ...liveRules,
  signal: [undefined, ['an AbortSignal', (value) => value?.addEventListener]],
  lastEventId: ['', text],
  persist: [false, made('localPersistence', 'persist'), no],
  tabs: [false, made('sharedTabs', 'tabs'), no],
};

/**
 * @throws TypeError that names the option, what was expected and what arrived, unless the value is of one of the kinds
 */
export function check(name: string, value: unknown, ...kinds: Kind[]): void {
  if (kinds.some(([, isValid]) => isValid(value))) return;
  // Without the contents of objects, which may be secret.
  const kind = Array.isArray(value) ? 'an array' : 'an object';
  const shown = isText(value) ? JSON.stringify((value as string).slice(0, 60)) : value;
  const expected = kinds.map(([name]) => name).join(' or ');
  const got = Object(value) === value ? kind : String(shown);
  throw new TypeError(`sse-client option ${name}: expected ${expected}, got ${got}`);
}

/** Validates options and adds defaults. An option that is undefined counts as left out. */
export function readRules<T>(given: Partial<T>, rules: Rules<keyof T & string>, prefix = ''): T {
  check('options', given, ['an object', isPlain]);
  const names = Object.keys(rules) as (keyof T & string)[];
  const known = choice(...names);
  for (const name of Object.keys(given)) check(prefix + name, name, known);
  return Object.fromEntries(
    names.map((name) => {
      const [fallback, ...kinds] = rules[name];
      const { [name]: value = fallback } = given;
      if (value !== fallback) check(prefix + name, value, ...kinds);
      return [name, value];
    }),
  ) as T;
}

/**
 * Validates a stream's URL and options.
 *
 * @throws TypeError that names the option, what was expected and what arrived
 */
export function readOptions(url: string, options: AnyOptions = {}): StreamConfig {
  check('url', url, ['an http(s) URL or a path', () => isText(url) && isWebAddress(url, 'http://localhost')]);
  return readRules(options as StreamConfig, optionRules);
}

/** As {@link readOptions}, for the options that can change. */
export function readLiveOptions(options: AnyLiveOptions): AnyLiveOptions {
  return readRules(options as Required<AnyLiveOptions>, liveRules);
}

/** The options among `options` that can change. */
export function pickLiveOptions(options: AnyOptions): AnyLiveOptions {
  return Object.fromEntries(Object.entries(options).filter(([name]) => Object.hasOwn(liveRules, name)));
}

/** True for an http(s) URL. @param base the URL to which `url` is relative */
export function isWebAddress(url: string, base: string | undefined): boolean {
  try {
    return /^https?:/.test(new URL(url, base).href);
  } catch {
    return false;
  }
}
