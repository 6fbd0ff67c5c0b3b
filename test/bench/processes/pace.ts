/** When something is sent. */
export interface Pace {
  readonly count: number;
  readonly perSecond: number;
  /** Longest time that it may take. */
  readonly withinMs: number;
}

/** Calls `onDue` `count` times at a steady rate. Resolves with the time it took, also if that was too short for all calls. */
export function keepPace({ count, perSecond, withinMs }: Pace, onDue: (n: number) => void): Promise<number> {
  const startedAt = performance.now();
  // No more often than needed: the wakeups of a process that is measured count.
  const everyMs = Math.max(1, Math.floor(1e3 / perSecond));
  let sent = 0;
  return new Promise((resolve) => {
    const timer = setInterval(() => {
      const elapsedMs = performance.now() - startedAt;
      const due = Math.min(count, Math.floor((elapsedMs / 1e3) * perSecond));
      for (; sent < due; sent++) onDue(sent);
      if (sent < count && elapsedMs < withinMs) return;
      clearInterval(timer);
      resolve(performance.now() - startedAt);
    }, everyMs);
  });
}
