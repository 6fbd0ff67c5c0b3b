/** The parts of the platform that the stream uses. Tests pass their own. */
export interface Environment {
  fetch: typeof fetch;
  /** The wall clock, because timers and monotonic clocks stop while a laptop sleeps. */
  readonly Date: { now(): number };
  readonly Math: { random(): number };
  setTimeout(callback: () => void, ms: number): unknown;
  clearTimeout(timer: unknown): void;
  requestAnimationFrame?(callback: () => void): number;
  cancelAnimationFrame?(frame: number): void;
  /** Target of `online`, `pageshow`, `pagehide` and `storage`. */
  readonly window?: EventTarget;
  readonly document?: EventTarget & { readonly visibilityState: string };
  /** `locks` exists only in secure contexts. */
  readonly navigator?: { readonly onLine?: boolean; readonly locks?: LockManager };
  readonly BroadcastChannel?: typeof BroadcastChannel;
}
