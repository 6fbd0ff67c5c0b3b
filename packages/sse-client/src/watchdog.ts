import type { Environment } from './environment.ts';

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
  on: { stalled(): void; revived(): void; dead(): void },
): Watchdog {
  let lastByteAt = env.now();
  let timer: unknown;
  let stalled = false;

  /** Often enough to notice a sleep, through which timers stand still, soon after it. */
  function plan(left: number): void {
    if (watchdogMs === false) return;
    env.clearTimeout(timer);
    timer = env.setTimeout(look, Math.min(left, watchdogMs / 4));
  }

  function look(): void {
    if (watchdogMs === false || stalled) return;
    const now = env.now();
    // The clock was set back.
    if (now < lastByteAt) lastByteAt = now;
    const left = lastByteAt + watchdogMs - now;
    if (left > 0) return plan(left);
    stalled = true;
    env.clearTimeout(timer);
    timer = env.setTimeout(on.dead, lookAgainMs);
    on.stalled();
  }

  plan(Number.POSITIVE_INFINITY);
  return {
    fed() {
      lastByteAt = env.now();
      if (!stalled) return;
      stalled = false;
      on.revived();
      plan(Number.POSITIVE_INFINITY);
    },
    look,
    lastByteAt: () => lastByteAt,
    stop: () => env.clearTimeout(timer),
  };
}
