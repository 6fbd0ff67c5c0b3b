import type { EventStreamOptions, LiveOptions, PersistOptions } from './types.ts';

type PersistConfig = Readonly<Required<Omit<PersistOptions, 'storage'>> & Pick<PersistOptions, 'storage'>>;

/** Options without a default. */
type Optional = 'fetch' | 'onResponse' | 'signal';

/** Validated options, with defaults. */
export type StreamConfig = Readonly<
  Omit<Required<EventStreamOptions>, 'persist' | Optional> &
    Pick<EventStreamOptions, Optional> & { persist: PersistConfig | false }
>;

/** One kind of valid value. */
type Kind = readonly [expected: string, is: (value: unknown) => boolean];
/** The compiler requires a rule for every option. */
type Rules<Name extends string> = Record<Name, readonly [fallback: unknown, ...anyOf: Kind[]]>;

/** The longest delay that a browser's timer accepts. */
const maxCount = 2 ** 31 - 1;
const choices = ['same-origin', 'include', 'omit'];

const text: Kind = ['a string', (value) => typeof value === 'string'];
const flag: Kind = ['true or false', (value) => typeof value === 'boolean'];
const off: Kind = ['false', (value) => value === false];
const object: Kind = ['an object', (value) => typeof value === 'object' && value !== null && !Array.isArray(value)];
const count: Kind = [
  `a whole number from 1 to ${maxCount}`,
  (value) => Number.isInteger(value) && (value as number) > 0 && (value as number) <= maxCount,
];

const callback: Kind = ['a function', (value) => typeof value === 'function'];
const missing: Kind = ['undefined', (value) => value === undefined];
/** @param is also checks the values of the object */
const objectOf = (expected: string, [, is]: Kind): Kind => [
  `an object of ${expected}`,
  (value) => object[1](value) && Object.values(value as object).every(is),
];

const inputRules: Rules<'url' | 'options'> = {
  url: [undefined, ['an http(s) URL or a path', isWebAddress]],
  options: [undefined, object],
};

const liveRules: Rules<keyof LiveOptions> = {
  headers: [{}, objectOf('strings', text), callback],
  credentials: ['same-origin', [choices.join(', '), (value) => choices.includes(value as string)]],
  fetch: [undefined, callback, missing],
  onResponse: [undefined, callback, missing],
  temporaryStatuses: [{}, objectOf('true or false', flag)],
  maxRetries: [false, [`a whole number from 0 to ${maxCount}`, (value) => value === 0 || count[1](value)], off],
  maxEntries: [10_000, count],
  maxEventChars: [1_048_576, count],
  watchdogMs: [45_000, count, off],
  minDelayMs: [1_000, count],
  maxDelayMs: [10_000, count],
  stableMs: [60_000, count],
};

const optionRules: Rules<keyof EventStreamOptions> = {
  autoConnect: [false, flag],
  ...liveRules,
  signal: [
    undefined,
    ['an AbortSignal', (value) => typeof (value as AbortSignal | null)?.addEventListener === 'function'],
    missing,
  ],
  lastEventId: ['', text],
  persist: [false, object, off],
  shareTabs: [false, flag, text],
};

const persistRules: Rules<keyof PersistOptions> = {
  scope: [undefined, ['a string that names the user', (value) => text[1](value) && value !== '']],
  maxBytes: [1_000_000, count],
  debounceMs: [500, count],
  storage: [
    undefined,
    ['a Storage', (value) => value === undefined || typeof (value as Storage | null)?.setItem === 'function'],
  ],
};

/** Validates options and adds defaults. An option that is undefined counts as left out. */
function read<T>(given: Partial<T>, rules: Rules<keyof T & string>, prefix = ''): T {
  const refuse = (name: string, expected: string, got: string) => {
    throw new TypeError(`sse-client option ${prefix}${name}: expected ${expected}, got ${got}`);
  };
  const names = Object.keys(rules) as (keyof T & string)[];
  for (const name of Object.keys(given))
    if (!(names as string[]).includes(name)) refuse(name, `one of ${names.join(', ')}`, 'an unknown option');
  const entries = names.map((name) => {
    const [fallback, ...anyOf] = rules[name];
    const { [name]: value = fallback } = given;
    if (!anyOf.some(([, is]) => is(value)))
      refuse(name, anyOf.map(([expected]) => expected).join(', or '), show(value));
    return [name, value];
  });
  return Object.fromEntries(entries) as T;
}

/** Describes a value without the contents of objects, which may be secret. */
function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 60));
  return Object(value) === value ? `an ${Array.isArray(value) ? 'array' : 'object'}` : String(value);
}

/**
 * Validates a stream's URL and options.
 *
 * @throws TypeError that names the option, what was expected and what was given
 */
export function readOptions(url: string, options: EventStreamOptions = {}): StreamConfig {
  read({ url, options }, inputRules);
  const config = read(options as StreamConfig, optionRules);
  return { ...config, persist: config.persist && read(config.persist, persistRules, 'persist.') };
}

/** As {@link readOptions}, for the options that can change. */
export function readLiveOptions(options: LiveOptions): Required<LiveOptions> {
  read({ url: '/', options }, inputRules);
  return read(options as Required<LiveOptions>, liveRules);
}

/** The options among `options` that can change. */
export function pickLiveOptions(options: EventStreamOptions): LiveOptions {
  return Object.fromEntries(Object.entries(options).filter(([name]) => Object.hasOwn(liveRules, name)));
}

/** Accepts relative URLs, whatever they are relative to. */
function isWebAddress(url: unknown): boolean {
  try {
    return text[1](url) && /^https?:/.test(new URL(url as string, 'http://localhost').href);
  } catch {
    return false;
  }
}
