const real = { setInterval, clearInterval };

/** Returns the set of running intervals, which is kept up to date until `unwatchIntervals` is called. */
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
