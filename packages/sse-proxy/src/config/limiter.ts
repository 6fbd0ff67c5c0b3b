import { SseProxyError, showKind } from '../errors.ts';
import type {
  LimitKeys,
  LimitPermit,
  LimitRefusal,
  LimitRequest,
  LimitResult,
  LocalLimiter,
  RuleBounds,
} from '../types.ts';
import { SlidingWindow } from './sliding-window.ts';

const minuteMs = 60_000;
const hourMs = 3_600_000;

/** Bounds of the built-in limiter, checked. */
export interface LimiterBounds {
  readonly total: number;
  readonly upstreams: number;
  readonly rules: readonly RuleBounds[];
}

/**
 * The built-in limiter: counts in this process. At a limit the newcomer is refused, never a running stream evicted. A
 * newcomer gets the permits of all rules or of none: a refused newcomer is not counted.
 */
export function createLimiter({ total, upstreams, rules }: LimiterBounds): LocalLimiter {
  const counters = rules.map((rule) => new RuleCounter(rule));
  const noKeys: LimitKeys = counters.map(() => undefined);
  let open = 0;

  /** Frees the places that a permit holds. */
  function release(keys: LimitKeys): void {
    open--;
    for (const [index, counter] of counters.entries()) counter.leave(keys[index]);
  }

  // All keys are computed first: if a key function throws, nothing has been counted.
  function keysOf(request: LimitRequest): LimitKeys {
    return counters.length === 0 ? noKeys : counters.map((counter) => counter.keyOf(request));
  }

  function refusal(keys: LimitKeys): LimitRefusal | undefined {
    return open >= total ? { ok: false, rule: 'total', kind: 'total' } : firstRefusal(counters, keys);
  }

  function enter(keys: LimitKeys): LimitPermit {
    open++;
    for (const [index, counter] of counters.entries()) counter.enter(keys[index]);
    return new CountedPermit(release, keys);
  }

  function acquire(request: LimitRequest): LimitResult {
    const keys = keysOf(request);
    return refusal(keys) ?? enter(keys);
  }

  return { total, upstreams, rules, acquire, keysOf, refusal, enter };
}

/**
 * The first rule that refuses, with the longest wait of all rules that refuse: a browser that came back earlier would
 * be refused again.
 */
function firstRefusal(counters: readonly RuleCounter[], keys: LimitKeys): LimitRefusal | undefined {
  let first: LimitRefusal | undefined;
  for (const [index, counter] of counters.entries()) {
    const refusal = counter.refusal(keys[index]);
    if (!refusal) continue;
    const waitMs = Math.max(first?.retryAfterMs ?? 0, refusal.retryAfterMs ?? 0);
    first = { ...(first ?? refusal), ...(waitMs > 0 && { retryAfterMs: waitMs }) };
  }
  return first;
}

class CountedPermit implements LimitPermit {
  readonly ok = true;
  readonly #keys: LimitKeys;
  #release: ((keys: LimitKeys) => void) | undefined;

  constructor(release: (keys: LimitKeys) => void, keys: LimitKeys) {
    this.#release = release;
    this.#keys = keys;
  }

  /** Calls after the first have no effect. */
  release(): void {
    const release = this.#release;
    this.#release = undefined;
    release?.(this.#keys);
  }
}

/** Counts the streams of one rule, by key. */
class RuleCounter {
  readonly #rule: RuleBounds;
  readonly #openByKey = new Map<string, number>();
  readonly #windows: readonly (readonly ['opensPerMinute' | 'opensPerHour', SlidingWindow])[];

  constructor(rule: RuleBounds) {
    this.#rule = rule;
    const { opensPerMinute, opensPerHour } = rule;
    this.#windows = [
      ...(opensPerMinute ? [['opensPerMinute', new SlidingWindow(opensPerMinute, minuteMs)] as const] : []),
      ...(opensPerHour ? [['opensPerHour', new SlidingWindow(opensPerHour, hourMs)] as const] : []),
    ];
  }

  /** @throws SseProxyError `ERR_SSE_HOOK` if the rule's key function throws or returns no string */
  keyOf(request: LimitRequest): string | undefined {
    const { name, key: hook } = this.#rule;
    if (!hook) return request.key;
    let key: unknown;
    try {
      key = hook(request.req, { authorizedKey: request.key });
    } catch (cause) {
      throw new SseProxyError('ERR_SSE_HOOK', { message: `key of limits.rules ${name} failed`, cause });
    }
    if (key === undefined || (typeof key === 'string' && key !== '')) return key;
    // A promise that rejects would otherwise end the process as an unhandled rejection.
    (key as Partial<Promise<unknown>> | null)?.then?.(undefined, () => {});
    const message = `key of limits.rules ${name} must return a string that is not empty, or undefined, returned ${showKind(key)}`;
    throw new SseProxyError('ERR_SSE_HOOK', { message });
  }

  refusal(key: string | undefined): LimitRefusal | undefined {
    if (key === undefined) return undefined;
    const { name: rule, max } = this.#rule;
    let refusal: LimitRefusal | undefined;
    if (max !== undefined && (this.#openByKey.get(key) ?? 0) >= max) refusal = { ok: false, rule, kind: 'max' };
    for (const [kind, window] of this.#windows) {
      const retryAfterMs = window.waitMs(key);
      if (retryAfterMs > (refusal?.retryAfterMs ?? 0)) refusal = { ok: false, rule, kind, retryAfterMs };
    }
    return refusal;
  }

  enter(key: string | undefined): void {
    if (key === undefined) return;
    if (this.#rule.max !== undefined) this.#openByKey.set(key, (this.#openByKey.get(key) ?? 0) + 1);
    for (const [, window] of this.#windows) window.add(key);
  }

  leave(key: string | undefined): void {
    if (key === undefined || this.#rule.max === undefined) return;
    const left = (this.#openByKey.get(key) ?? 1) - 1;
    if (left > 0) this.#openByKey.set(key, left);
    else this.#openByKey.delete(key);
  }
}
