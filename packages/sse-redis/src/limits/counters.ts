import { hash } from 'node:crypto';
import type { LimitKeys, RuleBounds } from '@datashop/sse-proxy';

/** What a stream counts in besides the total: one rule with one key. */
export interface Counter {
  /** Name in Redis: the rule's name and a hash of the key, so that Redis holds no user, token or address. */
  readonly id: string;
  readonly rule: RuleBounds;
}

/** The counters of a stream, without those of rules that do not apply to it. */
export function countersOf(rules: readonly RuleBounds[], keys: LimitKeys): readonly Counter[] {
  return rules.flatMap((rule, index) => {
    const key = keys[index];
    return key === undefined ? [] : [{ id: `${rule.name}:${digest(key)}`, rule }];
  });
}

/** 128 bits. UTF-16, since UTF-8 encodes all lone surrogates as the same character. */
function digest(key: string): string {
  return hash('sha256', Buffer.from(key, 'utf16le'), 'base64url').slice(0, 22);
}
