import type { EventStreamOptions, LiveOptions, Parse, Persister } from './types.ts';

type AnyOptions = EventStreamOptions<Parse | undefined>;
type AnyLiveOptions = LiveOptions<Parse | undefined>;
/** Options without a default. */
type Optional = 'fetch' | 'onResponse' | 'parse' | 'signal';

/** Validated options, with defaults. */
export type StreamConfig = Readonly<Omit<Required<AnyOptions>, Optional> & Pick<AnyOptions, Optional>>;

/** The fallback is valid too. */
export type Rule = readonly [fallback: unknown, expected: string, isValid: (value: unknown) => boolean];
/** The compiler requires a rule for every option. */
export type Rules<Name extends string> = Record<Name, Rule>;

/** The longest delay that a browser's timer accepts. */
const maxCount = 2 ** 31 - 1;
const choices = ['same-origin', 'include', 'omit'];

const isOf = (type: string) => (value: unknown) => typeof value === type;
export const isText = isOf('string');
const isFlag = isOf('boolean');
const isFunction = isOf('function');
const isObject = (value: unknown) => isOf('object')(value) && value !== null && !Array.isArray(value);
const isObjectOf = (value: unknown, isValid: (value: unknown) => boolean) =>
  isObject(value) && Object.values(value as object).every(isValid);
const isParser = (value: unknown) => isFunction(value) || (isObject(value) && '~standard' in (value as object));
const isCount = (value: unknown) => Number.isInteger(value) && (value as number) > 0 && (value as number) <= maxCount;
export const count = (fallback: number): Rule => [fallback, `a whole number from 1 to ${maxCount}`, isCount];
const callback: Rule = [undefined, 'a function', isFunction];

const liveRules: Rules<keyof LiveOptions> = {
  headers: [{}, 'an object of strings, or a function', (value) => isFunction(value) || isObjectOf(value, isText)],
  credentials: [choices[0], choices.join(', '), (value) => choices.includes(value as string)],
  fetch: callback,
  onResponse: callback,
  temporaryStatuses: [{}, 'an object of true or false', (value) => isObjectOf(value, isFlag)],
  maxRetries: [false, `a whole number from 0 to ${maxCount}, or false`, (value) => value === 0 || isCount(value)],
  parse: [
    undefined,
    'a function, a Standard Schema, or an object of these',
    (value) => isParser(value) || isObjectOf(value, isParser),
  ],
  maxEntries: count(10_000),
  maxEventChars: count(1_048_576),
  watchdogMs: [45_000, `${count(0)[1]}, or false`, (value) => value === false || isCount(value)],
  minDelayMs: count(1_000),
  maxDelayMs: count(10_000),
  stableMs: count(60_000),
};

const optionRules: Rules<keyof EventStreamOptions> = {
  autoConnect: [false, 'true or false', isFlag],
  ...liveRules,
  signal: [undefined, 'an AbortSignal', (value) => isFunction((value as AbortSignal | null)?.addEventListener)],
  lastEventId: ['', 'a string', isText],
  persist: [
    false,
    'localPersistence() of @datashop/sse-client/persist, or false',
    (value) => isFunction((value as Persister | null)?.open),
  ],
  shareTabs: [false, 'true or false, or a string', (value) => isFlag(value) || isText(value)],
};

/** @throws TypeError that names the option, what was expected and what was given */
export function check(name: string, value: unknown, expected: string, isValid: boolean): void {
  // Without the contents of objects, which may be secret.
  const kind = Array.isArray(value) ? 'array' : 'object';
  const shown = isText(value) ? JSON.stringify((value as string).slice(0, 60)) : value;
  if (!isValid) refuse(name, expected, Object(value) === value ? `an ${kind}` : String(shown));
}

function refuse(name: string, expected: string, got: string): never {
  throw new TypeError(`sse-client option ${name}: expected ${expected}, got ${got}`);
}

/** Validates options and adds defaults. An option that is undefined counts as left out. */
export function readRules<T>(given: Partial<T>, rules: Rules<keyof T & string>, prefix = ''): T {
  check('options', given, 'an object', isObject(given));
  const names = Object.keys(rules) as (keyof T & string)[];
  for (const name of Object.keys(given))
    if (!(names as string[]).includes(name)) refuse(prefix + name, `one of ${names.join(', ')}`, 'an unknown option');
  return Object.fromEntries(
    names.map((name) => {
      const [fallback, expected, isValid] = rules[name];
      const { [name]: value = fallback } = given;
      check(prefix + name, value, expected, value === fallback || isValid(value));
      return [name, value];
    }),
  ) as T;
}

/**
 * Validates a stream's URL and options.
 *
 * @throws TypeError that names the option, what was expected and what was given
 */
export function readOptions(url: string, options: AnyOptions = {}): StreamConfig {
  check('url', url, 'an http(s) URL or a path', isWebAddress(url));
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

/** Accepts relative URLs, whatever they are relative to. */
function isWebAddress(url: unknown): boolean {
  try {
    return isText(url) && /^https?:/.test(new URL(url as string, 'http://localhost').href);
  } catch {
    return false;
  }
}
