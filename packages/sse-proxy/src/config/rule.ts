import { SseProxyError, show } from '../errors.ts';

/** The longest delay of a Node timer. */
export const maxTimerMs = 2 ** 31 - 1;

/** Checks one option: returns the value to use or throws `ERR_SSE_OPTION`. `undefined` means "left out". */
export type Rule<T> = (value: unknown, path: string) => T;

/** One rule for each member of `Options`: the compiler refuses a table that omits one or has one too many. */
export type Rules<Options> = { readonly [Name in keyof Required<Options>]: Rule<unknown> };

/** What the rules of a table return. */
export type Values<Table> = { readonly [Name in keyof Table]: Table[Name] extends Rule<infer T> ? T : never };

/** What a value may be: a description, and a predicate. */
export type Kind = readonly [expected: string, is: (value: unknown) => boolean];

/** Ends the message of every option error: where to read on. */
const readOn = ' (see README#options)';

/** `ERR_SSE_OPTION`; its message is one line that names the option, what was expected and, in words, what arrived. */
export function optionError(path: string, expected: string, got: string, cause?: unknown): SseProxyError {
  // The options themselves have no name.
  const name = path === '' ? 'sse-proxy options' : `sse-proxy option ${path}`;
  const message = `${name}: expected ${expected}, got ${got}${readOn}`;
  return new SseProxyError('ERR_SSE_OPTION', cause === undefined ? { message } : { message, cause });
}

/** Refuses a value, which the message shows. @throws SseProxyError `ERR_SSE_OPTION`, see {@link optionError} */
export function refuseOption(path: string, expected: string, got: unknown): never {
  throw optionError(path, expected, show(got));
}

/** Refuses what `got` describes in words. @throws SseProxyError `ERR_SSE_OPTION`, see {@link optionError} */
export function refuseDescribed(path: string, expected: string, got: string): never {
  throw optionError(path, expected, got);
}

export function isRecord(given: unknown): given is Record<string, unknown> {
  return typeof given === 'object' && given !== null && !Array.isArray(given);
}

export const milliseconds: Kind = [
  `milliseconds above 0, at most ${maxTimerMs}`,
  (value) => typeof value === 'number' && value > 0 && value <= maxTimerMs,
];
export const count: Kind = ['a whole number above 0', (value) => Number.isSafeInteger(value) && (value as number) > 0];
export const off: Kind = ['false', (value) => value === false];
export const flag: Kind = ['true or false', (value) => typeof value === 'boolean'];
export const callable: Kind = ['a function', (value) => typeof value === 'function'];
export const text: Kind = ['a string that is not empty', (value) => typeof value === 'string' && value !== ''];

export function oneOf(...choices: string[]): Kind {
  return [choices.map((choice) => `'${choice}'`).join(' or '), (value) => choices.includes(value as string)];
}

/** A value of one of `kinds`; `fallback` if it is left out. */
export function value<T>(fallback: T, ...kinds: [Kind, ...Kind[]]): Rule<T> {
  const expected = kinds.map(([words]) => words).join(', or ');
  return (given, path) => {
    if (given === undefined) return fallback;
    if (!kinds.some(([, is]) => is(given))) refuseOption(path, expected, given);
    return given as T;
  };
}

/** An array whose items pass `item`: a frozen copy, so that a later change of the user's array has no effect. */
export function list<T>(fallback: readonly T[], what: string, item: Rule<T>): Rule<readonly T[]> {
  return (given, path) => {
    if (given === undefined) return fallback;
    if (!Array.isArray(given)) return refuseOption(path, `an array of ${what}`, given);
    // Array.from also visits holes, which map() would skip.
    return Object.freeze(Array.from(given, (entry, index) => item(entry, `${path}[${index}]`)));
  };
}

/** Whether `given` can hold options: a Map, a Date or a promise has no members of its own, so it would set nothing. */
function holdsOptions(given: unknown): given is Record<string, unknown> {
  return Object.prototype.toString.call(given) === '[object Object]';
}

/** An object with no members but those of `table`; `undefined` counts as `{}`. */
export function group<Table extends Record<string, Rule<unknown>>>(table: Table): Rule<Values<Table>> {
  const names = Object.keys(table);
  return (given, path) => {
    const members = given === undefined && path !== '' ? {} : given;
    if (!holdsOptions(members)) return refuseOption(path, 'an object', given);
    const at = (name: string) => (path ? `${path}.${name}` : name);
    for (const name of Object.keys(members)) {
      if (Object.hasOwn(table, name)) continue;
      refuseDescribed(at(name.slice(0, 200)), `one of ${names.join(', ')}`, 'an unknown name');
    }
    const entries = names.map((name) => [name, table[name]?.(members[name], at(name))]);
    return Object.freeze(Object.fromEntries(entries)) as Values<Table>;
  };
}

/** `false` for off, `true` for on with all defaults, or an object of settings. */
export function switchable<T>(fallback: boolean, settings: Rule<T>): Rule<T | false> {
  return (given, path) => {
    const wanted = given === undefined ? fallback : given;
    if (wanted === false) return false;
    if (wanted !== true && !isRecord(wanted)) return refuseOption(path, 'true, false or an object', given);
    return settings(wanted === true ? {} : wanted, path);
  };
}
