/**
 * A timer of a clock that a test turns, which replaces the global timers and `performance.now`. Timers that were
 * started before, or by another test, stay real: streams of earlier tests may still be ending while the clock is
 * installed.
 */
class Timer {
  readonly run: () => void;
  readonly everyMs: number | undefined;
  at: number;
  cleared = false;

  constructor(run: () => void, at: number, everyMs: number | undefined) {
    this.run = run;
    this.at = at;
    this.everyMs = everyMs;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }
}

const real = { setTimeout, clearTimeout, setInterval, clearInterval };
const { now: realNow } = performance;
let timers: Timer[] = [];
let now = 0;

export const clock = {
  install(): void {
    timers = [];
    now = 0;
    const start = (run: () => void, ms: number, everyMs?: number) => {
      const timer = new Timer(run, now + Math.max(1, ms), everyMs);
      timers.push(timer);
      return timer;
    };
    const clear = (timer: unknown) => {
      if (timer instanceof Timer) timer.cleared = true;
      else real.clearTimeout(timer as NodeJS.Timeout);
    };
    performance.now = () => now;
    Object.assign(globalThis, {
      setTimeout: (run: () => void, ms = 1) => start(run, ms),
      setInterval: (run: () => void, ms = 1) => start(run, ms, ms),
      clearTimeout: clear,
      clearInterval: clear,
    });
  },

  /** Runs what is due within `ms`, in order. */
  tick(ms: number): void {
    const end = now + ms;
    for (;;) {
      timers = timers.filter(({ cleared }) => !cleared);
      const next = timers.reduce<Timer | undefined>(
        (first, timer) => (first && first.at <= timer.at ? first : timer),
        undefined,
      );
      if (!next || next.at > end) break;
      now = next.at;
      if (next.everyMs === undefined) next.cleared = true;
      else next.at += next.everyMs;
      next.run();
    }
    now = end;
  },

  uninstall(): void {
    performance.now = realNow;
    Object.assign(globalThis, real);
  },
};
