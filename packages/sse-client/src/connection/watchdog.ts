import type { Environment } from '../environment.ts';

export interface Watchdog {
  /** A byte has come. */
  fed(): void;
  /** Look at the clock now: a sleeping page's timers are late. */
  look(): void;
  lastByteAt(): number;
  stop(): void;
}

/** Bytes that have come but not been read yet, after a sleep or a long task, get this long to be seen. */
const lookAgainMs = 50;

/** Finds out that a connection has been silent for too long. The time without an answer counts too. */
export function watchdog(
  watchdogMs: number | false,
  env: Environment,
  on: { turned(status: 'stalled' | 'connected'): void; dead(): void },
): Watchdog {
  let lastByteAt = env.Date.now();
  let timer: unknown;
  let stalled = false;

  function look(): void {
    if (watchdogMs === false || stalled) return;
    const now = env.Date.now();
    // The clock may have been set back.
    lastByteAt = Math.min(lastByteAt, now);
    const left = lastByteAt + watchdogMs - now;
    stalled = left <= 0;
    env.clearTimeout(timer);
    // Often enough to notice a sleep, through which timers stand still, soon after it.
    timer = stalled ? env.setTimeout(on.dead, lookAgainMs) : env.setTimeout(look, Math.min(left, watchdogMs / 4));
    if (stalled) on.turned('stalled');
  }

  look();
  return {
    fed() {
      lastByteAt = env.Date.now();
      if (!stalled) return;
      stalled = false;
      on.turned('connected');
      look();
    },
    look,
    lastByteAt: () => lastByteAt,
    stop: () => env.clearTimeout(timer),
  };
}
