import { SseRedisError } from './errors.ts';
import type { RedisConnectionOptions, SentinelAddress } from './types.ts';

/** Whether a value is allowed, and how an error describes what is. */
export type Check = readonly [expected: string, isValid: (value: unknown) => boolean];

/** A whole number of milliseconds. */
export const millisecondsBetween = (min: number, max: number): Check => [
  `a whole number of milliseconds, ${min} to ${max}`,
  (value) => Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max,
];

/** The longest lease that an option allows, in milliseconds. */
export const maxLeaseMs = 600_000;

export const callable: Check = ['a function', (value) => typeof value === 'function'];

/** Part of a key in Redis: letters, digits and a few signs, so that keys can be read and matched. */
export const keyPart: Check = [
  '1 to 64 characters of A-Z, a-z, 0-9, _ . : -',
  (value) => typeof value === 'string' && /^[\w.:-]{1,64}$/.test(value),
];

/** Checks of {@link RedisConnectionOptions}: those that are required, and the others. */
export const connectionChecks = {
  required: {
    redis: [
      'a URL that begins with redis:// or rediss://, options of createClient, or { name, sentinels: [{ host, port }, …] }',
      isAddress,
    ],
  },
  rest: {
    prefix: keyPart,
    commandTimeoutMs: millisecondsBetween(10, 60_000),
    onModeChange: callable,
    observers: ['an array of objects with hooks', (value) => Array.isArray(value) && value.every(isRecord)],
  },
} satisfies { required: Record<string, Check>; rest: { [Name in keyof Omit<RedisConnectionOptions, 'redis'>]: Check } };

/**
 * Checks the names and values of a user's options; `undefined` means "left out".
 *
 * @throws SseRedisError `ERR_SSE_REDIS_OPTION` that names the option, what was expected and what arrived
 */
export function checkOptions(
  where: string,
  given: unknown,
  required: Record<string, Check>,
  rest: Record<string, Check>,
): void {
  if (!isRecord(given)) return refuse(where, 'an object with options', given);
  const known = { ...required, ...rest };
  for (const name of Object.keys(given)) {
    if (Object.hasOwn(known, name)) continue;
    const names = Object.keys(known).join(', ');
    throw new SseRedisError(
      'ERR_SSE_REDIS_OPTION',
      `${where} option ${name}: expected one of ${names}, got an unknown name`,
    );
  }
  for (const [name, [expected, isValid]] of Object.entries(known)) {
    const value = given[name];
    if (value === undefined && !Object.hasOwn(required, name)) continue;
    if (!isValid(value)) refuse(`${where} option ${name}`, expected, value);
  }
}

/**
 * Puts the user's options in the place of defaults.
 *
 * @throws SseRedisError `ERR_SSE_REDIS_OPTION` if a lease is too short to outlive commands that are late
 */
export function complete<Given extends RedisConnectionOptions, Defaults extends LeaseTimes>(
  where: string,
  given: Given,
  defaults: Defaults,
): Defaults & Given & LeaseTimes {
  const isGiven = ([, value]: [string, unknown]) => value !== undefined;
  const options = { ...defaults, ...(Object.fromEntries(Object.entries(given).filter(isGiven)) as Given & LeaseTimes) };
  const least = 4 * options.commandTimeoutMs;
  if (options.leaseMs < least) {
    refuse(`${where} option leaseMs`, `at least 4 × commandTimeoutMs (${least})`, options.leaseMs);
  }
  return options;
}

interface LeaseTimes {
  readonly commandTimeoutMs: number;
  readonly leaseMs: number;
}

/** @throws SseRedisError `ERR_SSE_REDIS_OPTION` */
function refuse(what: string, expected: string, got: unknown): never {
  throw new SseRedisError('ERR_SSE_REDIS_OPTION', `${what}: expected ${expected}, got ${show(got)}`);
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isSentinel(address: object): address is SentinelAddress {
  return 'sentinels' in address;
}

function isAddress(value: unknown): boolean {
  if (typeof value === 'string') return /^rediss?:\/\//.test(value) && URL.canParse(value);
  if (!isRecord(value)) return false;
  if (!isSentinel(value)) return value.url === undefined || isAddress(value.url);
  const { name, sentinels } = value as { name: unknown; sentinels: unknown };
  return (
    typeof name === 'string' &&
    name !== '' &&
    Array.isArray(sentinels) &&
    sentinels.length > 0 &&
    sentinels.every(isNode)
  );
}

function isNode(value: unknown): boolean {
  return isRecord(value) && typeof value.host === 'string' && Number.isInteger(value.port);
}

/** Of strings, which may hold a password, and of objects only the kind is shown. */
function show(value: unknown): string {
  if (typeof value === 'string') return `a string of ${value.length} characters`;
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (typeof value === 'object' && value !== null) return 'an object';
  return typeof value === 'function' ? 'a function' : String(value);
}
