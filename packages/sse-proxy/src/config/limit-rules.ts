import type { LimitRule, LocalLimiter, RuleBounds, StreamLimiter, StreamLimits } from '../types.ts';
import { defaults } from './defaults.ts';
import { createLimiter } from './limiter.ts';
import {
  callable,
  count,
  group,
  isRecord,
  list,
  type Rule,
  type Rules,
  refuseDescribed,
  refuseOption,
  text,
  value,
} from './rule.ts';

/** `limits`, checked and complete. */
export interface LimitsConfig {
  readonly limiter: StreamLimiter;
  /** Most upstream connections at once. */
  readonly upstreams: number;
  /** Names of the limits; empty with a limiter of the user's that lists no rules. */
  readonly names: readonly string[];
  /** Rules that count by the key of `authorize`: they need that option. */
  readonly needAuthorize: readonly string[];
}

const none = value<number | undefined>(undefined, count);

const ruleTable = {
  name: (given, path) => value('', text)(given ?? null, path),
  key: value<LimitRule['key']>(undefined, callable),
  max: none,
  opensPerMinute: none,
  opensPerHour: none,
} satisfies Rules<LimitRule>;

const readRule: Rule<RuleBounds> = (given, path) => {
  if (!isRecord(given)) return refuseOption(path, 'an object', given);
  const rule = group(ruleTable)(given, path);
  if (rule.max === undefined && rule.opensPerMinute === undefined && rule.opensPerHour === undefined)
    refuseDescribed(path, 'a bound: max, opensPerMinute or opensPerHour', 'a rule without one');
  return rule;
};

const limitsTable = {
  total: value<number>(defaults.limits.total, count),
  upstreams: none,
  rules: list<RuleBounds>([], 'rules', readRule),
  perKey: none,
  // Listed so that `acquire: undefined` counts as left out; a user's limiter never reaches this table.
  acquire: value(undefined, callable),
};

/** Bounds of the built-in limiter. */
const readLimits: Rule<LocalLimiter> = (given, path) => {
  const { total, upstreams, rules: own, perKey } = group(limitsTable)(given, path);
  const rules = perKey === undefined ? own : [...own, { name: 'perKey', max: perKey }];
  const taken = new Set(['total', 'upstreams']);
  for (const [index, { name }] of rules.entries()) {
    if (taken.has(name)) refuseOption(`${path}.rules[${index}].name`, 'a name that no other limit has', name);
    taken.add(name);
  }
  return createLimiter({ total, upstreams: upstreams ?? 2 * total, rules });
};

/**
 * The limiter that the option `limits` describes: it counts in this process. Use it in a {@link StreamLimiter} of your
 * own.
 *
 * @throws SseProxyError `ERR_SSE_OPTION` that names the limit, what was expected and what arrived
 */
export function localLimiter(limits: StreamLimits = {}): LocalLimiter {
  return readLimits(limits, 'limits');
}

/** `limits`: bounds of the built-in limiter, or a limiter of the user's. */
export const limitsRule: Rule<LimitsConfig> = (given, path) => {
  if (!isRecord(given) || given.acquire === undefined) {
    const limiter = readLimits(given, path);
    return { limiter, upstreams: limiter.upstreams, ...describeRules(limiter.rules, ['total', 'upstreams']) };
  }
  if (typeof given.acquire !== 'function') refuseOption(`${path}.acquire`, 'a function', given.acquire);
  const upstreams = none(given.upstreams, `${path}.upstreams`) ?? 2 * defaults.limits.total;
  const rules = list<RuleBounds>([], 'rules', readRule)(given.rules, `${path}.rules`);
  const limiter = given as unknown as StreamLimiter;
  return { limiter, upstreams, ...describeRules(rules, rules.length > 0 ? ['total', 'upstreams'] : []) };
};

function describeRules(
  rules: readonly RuleBounds[],
  others: readonly string[],
): Pick<LimitsConfig, 'names' | 'needAuthorize'> {
  return {
    names: [...others, ...rules.map(({ name }) => name)],
    needAuthorize: rules.filter(({ key }) => !key).map(({ name }) => name),
  };
}
