import type { Request } from 'express';
import { describe, LogStreamError } from '../errors.ts';
import type { LogLimitRule, LogScope } from '../types.ts';
import { SlidingWindow } from './sliding-window.ts';

const minuteMs = 60_000;
const hourMs = 3_600_000;

/** A {@link LogLimitRule} whose options are checked. */
export type LimitRule = Pick<LogLimitRule, 'name' | 'key' | 'max' | 'opensPerMinute' | 'opensPerHour'>;

/** What a stream is counted by. */
export type LimitContext = LogScope & { readonly authorizedKey: string | undefined };

/**
 * The rules of one router, counted in this process. At a limit the new stream is refused; a running stream is never
 * evicted. A new stream gets the permits of all rules or of none.
 */
export class Limiter {
  readonly #counters: readonly RuleCounter[];

  constructor(rules: readonly LimitRule[]) {
    this.#counters = rules.map((rule) => new RuleCounter(rule));
  }

  /**
   * Counts one stream.
   *
   * @returns the release of its permits; only the first call has an effect
   * @throws LogStreamError `ERR_LOG_STREAM_LIMIT_KEY` or `ERR_LOG_STREAM_LIMIT_RATE` for the first rule that refuses,
   * with the longest wait of all that refuse; `ERR_LOG_STREAM_HOOK` if the key of a rule fails
   */
  acquire(req: Request, context: LimitContext): () => void {
    // Keys first: a key function may throw, and nothing must be counted then.
    const keyed = this.#counters.map((counter) => [counter, counter.keyOf(req, context)] as const);
    const refusals = keyed.flatMap(([counter, key]) => (key === undefined ? [] : counter.refusals(key)));
    const [first] = refusals;
    if (first !== undefined) {
      const retryAfterMs = Math.max(...refusals.map(({ waitMs }) => waitMs));
      const { code, message, rule } = first;
      throw new LogStreamError(code, message, { rule, ...(retryAfterMs > 0 && { retryAfterMs }) });
    }
    const entered = keyed.flatMap(([counter, key]) => (key === undefined ? [] : [counter.enter(key)]));
    return () => {
      for (const leave of entered.splice(0)) leave();
    };
  }
}

interface Refusal {
  /** Name of the rule that refuses. */
  readonly rule: string;
  readonly code: 'ERR_LOG_STREAM_LIMIT_KEY' | 'ERR_LOG_STREAM_LIMIT_RATE';
  readonly message: string;
  /** Milliseconds until the rule admits again; 0 if that is unknown. */
  readonly waitMs: number;
}

/** Counts the streams of one rule, by key. */
class RuleCounter {
  readonly #rule: LimitRule;
  readonly #openByKey = new Map<string, number>();
  readonly #windows: readonly (readonly [bound: string, most: number, SlidingWindow])[];

  constructor(rule: LimitRule) {
    this.#rule = rule;
    const { opensPerMinute, opensPerHour } = rule;
    this.#windows = [
      ...(opensPerMinute ? [['minute', opensPerMinute, new SlidingWindow(opensPerMinute, minuteMs)] as const] : []),
      ...(opensPerHour ? [['hour', opensPerHour, new SlidingWindow(opensPerHour, hourMs)] as const] : []),
    ];
  }

  keyOf(req: Request, context: LimitContext): string | undefined {
    const { name, key: hook } = this.#rule;
    if (hook === undefined) return context.authorizedKey;
    let key: unknown;
    try {
      key = hook(req, context);
    } catch (cause) {
      throw new LogStreamError('ERR_LOG_STREAM_HOOK', `limits.rules ${name}: key failed`, { cause });
    }
    if (key === undefined || (typeof key === 'string' && key !== '')) return key;
    // A promise that rejects would otherwise end the process as an unhandled rejection.
    (key as Partial<Promise<unknown>> | null)?.then?.(undefined, () => {});
    // Only the type: the value may be a credential.
    const got = typeof key === 'string' ? 'an empty string' : describe(Object(key));
    const expected = 'expected a string that is not empty, or undefined';
    throw new LogStreamError('ERR_LOG_STREAM_HOOK', `limits.rules ${name}: key: ${expected}, got ${got}`);
  }

  refusals(key: string): Refusal[] {
    const { name: rule, max } = this.#rule;
    const refusals: Refusal[] = [];
    if (max !== undefined && (this.#openByKey.get(key) ?? 0) >= max) {
      const message = `limits.rules ${rule}: ${max} streams are open`;
      refusals.push({ rule, code: 'ERR_LOG_STREAM_LIMIT_KEY', message, waitMs: 0 });
    }
    for (const [bound, most, window] of this.#windows) {
      const waitMs = window.waitMs(key);
      const message = `limits.rules ${rule}: ${most} streams were opened within the last ${bound}`;
      if (waitMs > 0) refusals.push({ rule, code: 'ERR_LOG_STREAM_LIMIT_RATE', message, waitMs });
    }
    return refusals;
  }

  /** @returns the release */
  enter(key: string): () => void {
    for (const [, , window] of this.#windows) window.add(key);
    this.#openByKey.set(key, (this.#openByKey.get(key) ?? 0) + 1);
    return () => {
      const left = (this.#openByKey.get(key) ?? 1) - 1;
      if (left > 0) this.#openByKey.set(key, left);
      else this.#openByKey.delete(key);
    };
  }
}
