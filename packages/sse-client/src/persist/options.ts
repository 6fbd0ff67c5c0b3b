import { check, count, type Kind, type Rules, readRules } from '../options.ts';
import type { PersistOptions } from '../types.ts';

/** Validated options, with defaults. */
export type PersistConfig = Readonly<Required<Omit<PersistOptions, 'storage'>> & Pick<PersistOptions, 'storage'>>;

const scope: Kind = ['a string that names the user', (value) => typeof value === 'string' && value !== ''];

const rules: Rules<keyof PersistOptions> = {
  scope: [undefined, scope],
  maxBytes: [1_000_000, count],
  debounceMs: [500, count],
  storage: [undefined, ['a Storage', (value) => value?.setItem]],
};

/** @throws TypeError that names the option, what was expected and what arrived */
export function readPersistOptions(options: PersistOptions): PersistConfig {
  const config = readRules(options as PersistConfig, rules, 'persist.');
  check('persist.scope', config.scope, scope);
  return config;
}
