import type { Environment } from '../environment.ts';

export interface Watchdog {
  /** A byte has arrived. */
  fed(): void;
  /** Checks the clock now, because the timers of a sleeping page are late. */
  look(): void;
  /** Pauses while the reader is not reading, since bytes can't arrive then. */
  pause(isPaused: boolean): void;
  lastByteAt(): number;
  stop(): void;
}

interface WatchdogHandlers {
  /** The connection has been silent for `watchdogMs`, or is alive again. */
  onChange(isStalled: boolean): void;
  /** The connection has stayed silent. */
  onDead(): void;
}

/** Time to read what arrived during a sleep or a long task, before the connection counts as silent. */
const lookAgainMs = 50;

/** Detects a silent connection, and a request without a response. `false` disables it. */
export function watchdog(watchdogMs: number | false, env: Environment, on: WatchdogHandlers): Watchdog {
  let lastByteAt = env.Date.now();
  let timer: unknown;
  let isStalled = false;
  let isPaused = false;

  function look(): void {
    if (watchdogMs === false || isStalled || isPaused) return;
    const now = env.Date.now();
    // The clock may have been set back.
    lastByteAt = Math.min(lastByteAt, now);
    const left = lastByteAt + watchdogMs - now;
    isStalled = left <= 0;
    env.clearTimeout(timer);
    // A quarter, so that a sleep, during which timers stand still, is noticed soon after it.
    timer = isStalled ? env.setTimeout(on.onDead, lookAgainMs) : env.setTimeout(look, Math.min(left, watchdogMs / 4));
    if (isStalled) on.onChange(true);
  }

  function fed(): void {
    lastByteAt = env.Date.now();
    if (!isStalled) return;
    isStalled = false;
    on.onChange(false);
    look();
  }

  look();
  return {
    fed,
    look,
    pause(paused) {
      isPaused = paused;
      if (paused) env.clearTimeout(timer);
      else {
        fed();
        look();
      }
    },
    lastByteAt: () => lastByteAt,
    stop: () => env.clearTimeout(timer),
  };
}
