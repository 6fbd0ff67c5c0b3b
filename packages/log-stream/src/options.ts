import type { LogStore, LogStreamOptions } from './types.ts';

/** What an option must be. */
export interface Rule {
  readonly expected: string;
  readonly holds: (value: unknown) => boolean;
  /** Its value never enters a message. */
  readonly secret?: boolean;
}

/** A whole number within both ends; `orFalse` lets it be switched off. */
export function wholeNumber(min: number, max: number, orFalse = false): Rule {
  return {
    expected: `a whole number from ${min} to ${max}${orFalse ? ', or false' : ''}`,
    holds: (value) =>
      (Number.isInteger(value) && min <= Number(value) && Number(value) <= max) || (orFalse && value === false),
  };
}

/** What a Node timer can hold; a longer one would fire at once. */
export const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * Checks options against their rules. An option given as undefined is refused as well, unlike one left out: with
 * `token: process.env.TOKEN` a misspelt variable would otherwise open the service to everybody.
 *
 * @throws TypeError naming the option, what was expected and what arrived
 */
export function checkOptions(
  maker: string,
  options: unknown,
  rules: Readonly<Record<string, Rule>>,
  required: string,
): void {
  if (typeof options !== 'object' || options === null) {
    throw new TypeError(`${maker}: expected an object of options, got ${describe(options)}`);
  }
  for (const [name, value] of Object.entries({ [required]: undefined, ...options })) {
    const rule = Object.hasOwn(rules, name) ? rules[name] : undefined;
    if (rule === undefined) {
      const known = Object.keys(rules).join(', ');
      throw new TypeError(`${maker}: unknown option ${JSON.stringify(name)}, expected one of ${known}`);
    }
    if (!rule.holds(value)) {
      const got = rule.secret ? `${typeof value} (not shown)` : describe(value);
      throw new TypeError(`${maker}: option "${name}" must be ${rule.expected}, got ${got}`);
    }
  }
}

function describe(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 80));
  if (typeof value === 'function') return 'a function';
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}

const STORE_METHODS = [
  'epoch',
  'bounds',
  'append',
  'query',
  'read',
  'subscribe',
  'close',
] as const satisfies (keyof LogStore)[];

// A Record over the keys: the compiler notices an option that has no rule.
const RULES: Record<keyof LogStreamOptions, Rule> = {
  store: {
    expected: `a LogStore (an object with the methods ${STORE_METHODS.join(', ')})`,
    holds: (value) =>
      typeof value === 'object' &&
      value !== null &&
      STORE_METHODS.every((name) => typeof (value as Record<string, unknown>)[name] === 'function'),
  },
  token: {
    expected: 'a string of visible ASCII characters',
    holds: (value) => typeof value === 'string' && /^[\x21-\x7e]+$/.test(value),
    secret: true,
  },
  pingMs: wholeNumber(1, MAX_TIMER_MS, true),
  retryMs: wholeNumber(0, MAX_TIMER_MS, true),
  maxStreams: wholeNumber(1, Number.MAX_SAFE_INTEGER),
  maxStallMs: wholeNumber(1, MAX_TIMER_MS, true),
  onError: { expected: 'a function', holds: (value) => typeof value === 'function' },
};

/** Options with every default filled in; only the token may be missing. */
export type LogStreamConfig = Readonly<Required<Omit<LogStreamOptions, 'token'>> & Pick<LogStreamOptions, 'token'>>;

/** @throws TypeError naming the option, what was expected and what arrived */
export function configOf(options: LogStreamOptions): LogStreamConfig {
  checkOptions('logStreamRouter', options, RULES, 'store');
  return Object.freeze({
    pingMs: 15_000,
    retryMs: 5_000,
    maxStreams: 10_000,
    maxStallMs: 60_000,
    onError: (error: Error) => process.emitWarning(error),
    ...options,
  });
}
