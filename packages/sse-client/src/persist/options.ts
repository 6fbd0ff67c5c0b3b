import { check, count, isText, type Rules, readRules } from '../options.ts';
import type { PersistOptions } from '../types.ts';

/** Validated options, with defaults. */
export type PersistConfig = Readonly<Required<Omit<PersistOptions, 'storage'>> & Pick<PersistOptions, 'storage'>>;

const isScope = (value: unknown) => isText(value) && value !== '';
const scope = 'a string that names the user';

const rules: Rules<keyof PersistOptions> = {
  scope: [undefined, scope, isScope],
  maxBytes: count(1_000_000),
  debounceMs: count(500),
  storage: [undefined, 'a Storage', (value) => typeof (value as Storage | null)?.setItem === 'function'],
};

/** @throws TypeError that names the option, what was expected and what was given */
export function readPersistOptions(options: PersistOptions): PersistConfig {
  const config = readRules(options as PersistConfig, rules, 'persist.');
  check('persist.scope', config.scope, scope, isScope(config.scope));
  return config;
}
