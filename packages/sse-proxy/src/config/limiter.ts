import type { LimitAnswer, LimitRequest, StreamLimiter } from '../types.ts';

const minuteMs = 60_000;

/** Limits as numbers; Infinity for none. */
export interface LimitNumbers {
  readonly total: number;
  readonly perKey: number;
  readonly opensPerMinute: number;
}

/** The built-in limiter: counts in this process. At a limit the newcomer is refused, never a running stream cut. */
export function createLimiter(limits: LimitNumbers): StreamLimiter {
  const openByKey = new Map<string, number>();
  const opensPerMinute = slidingMinute(limits.opensPerMinute);
  let open = 0;

  function release(key: string | undefined): void {
    open--;
    if (key === undefined) return;
    const left = (openByKey.get(key) ?? 1) - 1;
    if (left > 0) openByKey.set(key, left);
    else openByKey.delete(key);
  }

  return {
    acquire({ key }: LimitRequest): LimitAnswer {
      if (open >= limits.total) return { ok: false, limit: 'total' };
      if (key !== undefined) {
        if ((openByKey.get(key) ?? 0) >= limits.perKey) return { ok: false, limit: 'key' };
        const waitMs = opensPerMinute(key);
        if (waitMs > 0) return { ok: false, limit: 'rate', retryAfterMs: waitMs };
        openByKey.set(key, (openByKey.get(key) ?? 0) + 1);
      }
      open++;
      return new CountedPermit(release, key);
    },
  };
}

class CountedPermit {
  readonly ok = true;
  readonly #key: string | undefined;
  #giveBack: ((key: string | undefined) => void) | undefined;

  constructor(giveBack: (key: string | undefined) => void, key: string | undefined) {
    this.#giveBack = giveBack;
    this.#key = key;
  }

  release(): void {
    this.#giveBack?.(this.#key);
    this.#giveBack = undefined;
  }
}

/** Counts one open of a key and gives 0, or gives the milliseconds until one is allowed again. */
function slidingMinute(most: number): (key: string) => number {
  if (most === Number.POSITIVE_INFINITY) return () => 0;
  const opens = new Map<string, number[]>();
  let sweepAt = 0;
  return (key) => {
    const now = performance.now();
    if (now >= sweepAt) {
      // Keys that opened nothing for a minute are forgotten, so that the map is as large as a minute's users.
      for (const [known, times] of opens) if ((times.at(-1) ?? 0) <= now - minuteMs) opens.delete(known);
      sweepAt = now + minuteMs;
    }
    const times = (opens.get(key) ?? []).filter((time) => time > now - minuteMs);
    opens.set(key, times);
    if (times.length >= most) return Math.ceil((times[0] ?? now) + minuteMs - now);
    times.push(now);
    return 0;
  };
}
