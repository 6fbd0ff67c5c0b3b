import type { EventStreamOptions, PersistOptions } from './types.ts';

type PersistConfig = Readonly<Required<Omit<PersistOptions, 'storage'>> & Pick<PersistOptions, 'storage'>>;

/** The user's options, checked, with the defaults filled in. */
export type StreamConfig = Readonly<Omit<Required<EventStreamOptions>, 'persist'> & { persist: PersistConfig | false }>;

type Rule = readonly [check: (value: unknown) => boolean, expected: string];

const maxTimerMs = 2 ** 31 - 1;
const isText = (value: unknown) => typeof value === 'string';
const isBoolean = (value: unknown) => typeof value === 'boolean';
const isRecord = (value: unknown) => typeof value === 'object' && value !== null && !Array.isArray(value);
const isCount = (value: unknown) => Number.isSafeInteger(value) && (value as number) > 0;
const isTime = (value: unknown) => typeof value === 'number' && value > 0 && value <= maxTimerMs;

const count: Rule = [isCount, 'a whole number above 0'];
const time: Rule = [isTime, `milliseconds above 0, at most ${maxTimerMs}`];
const choices = ['same-origin', 'include', 'omit'];

/** The compiler keeps these exhaustive. */
const rules: Record<keyof EventStreamOptions, Rule> = {
  autoConnect: [isBoolean, 'true or false'],
  headers: [
    (value) => typeof value === 'function' || (isRecord(value) && Object.values(value as object).every(isText)),
    'an object of strings, or a function that gives one',
  ],
  credentials: [(value) => choices.includes(value as string), choices.join(', ')],
  lastEventId: [isText, 'a string'],
  maxEntries: count,
  maxEventChars: count,
  watchdogMs: [(value) => value === false || isTime(value), `${time[1]}, or false`],
  minDelayMs: time,
  maxDelayMs: time,
  stableMs: time,
  persist: [(value) => value === false || isRecord(value), 'an object with a scope, or false'],
  shareTabs: [(value) => isBoolean(value) || isText(value), 'true, false or a name'],
};

const persistRules: Record<keyof PersistOptions, Rule> = {
  scope: [(value) => isText(value) && value !== '', 'a string that names the user'],
  maxBytes: count,
  debounceMs: time,
  storage: [(value) => isRecord(value) && typeof (value as Storage).setItem === 'function', 'a Storage'],
};

/** What is set of `value`: an option that is undefined is one that was left out. */
function check<T extends object>(value: T, rules: Record<string, Rule>, prefix: string): T {
  const set: Record<string, unknown> = {};
  for (const [name, given] of Object.entries(value)) {
    const rule = Object.hasOwn(rules, name) ? rules[name] : undefined;
    if (!rule) refuse(prefix + name, `one of ${Object.keys(rules).join(', ')}`, 'an unknown option');
    else if (given === undefined && name !== 'scope') continue;
    else if (!rule[0](given)) refuse(prefix + name, rule[1], show(given));
    set[name] = given;
  }
  return set as T;
}

function refuse(name: string, expected: string, got: string): never {
  throw new TypeError(`sse-client option ${name}: expected ${expected}, got ${got}`);
}

/** Short, and never what may be a secret. */
function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 60));
  return typeof value === 'object' && value !== null
    ? `an ${Array.isArray(value) ? 'array' : 'object'}`
    : String(value);
}

/**
 * @throws TypeError that names the option, what was expected and what came
 */
export function readOptions(url: string, options: EventStreamOptions = {}): StreamConfig {
  if (!isText(url) || !/^https?:$/.test(protocolOf(url))) refuse('url', 'an http(s) URL or a path', show(url));
  if (!isRecord(options)) refuse('options', 'an object', show(options));
  const set = check(options, rules, '');
  const { persist } = set;
  return {
    autoConnect: false,
    headers: {},
    credentials: 'same-origin',
    lastEventId: '',
    maxEntries: 10_000,
    maxEventChars: 1_048_576,
    watchdogMs: 45_000,
    minDelayMs: 1_000,
    maxDelayMs: 10_000,
    stableMs: 60_000,
    shareTabs: false,
    ...set,
    persist: persist
      ? {
          maxBytes: 1_000_000,
          debounceMs: 500,
          ...check({ ...persist, scope: persist.scope }, persistRules, 'persist.'),
        }
      : false,
  };
}

function protocolOf(url: string): string {
  try {
    return new URL(url, globalThis.location?.href ?? 'http://localhost').protocol;
  } catch {
    return '';
  }
}
