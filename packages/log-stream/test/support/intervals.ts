const real = { setInterval, clearInterval };

/** Keeps the intervals that are running, from now until `unwatchIntervals`. */
export function watchIntervals(): ReadonlySet<unknown> {
  const active = new Set<unknown>();
  globalThis.setInterval = ((...args: Parameters<typeof setInterval>) => {
    const timer = real.setInterval(...args);
    active.add(timer);
    return timer;
  }) as typeof setInterval;
  globalThis.clearInterval = (timer) => {
    active.delete(timer);
    real.clearInterval(timer);
  };
  return active;
}

export function unwatchIntervals(): void {
  Object.assign(globalThis, real);
}
