/** What the stream takes from the browser, named as there, so that tests can give it something else. */
export interface Environment {
  fetch: typeof fetch;
  /** Wall-clock time, since timers and monotonic clocks stand still while a laptop sleeps. */
  readonly Date: { now(): number };
  readonly Math: { random(): number };
  setTimeout(callback: () => void, ms: number): unknown;
  clearTimeout(timer: unknown): void;
  requestAnimationFrame?(callback: () => void): number;
  cancelAnimationFrame?(frame: number): void;
  /** `online`, `pageshow`, `pagehide` and `storage` come here. */
  readonly window?: EventTarget;
  readonly document?: EventTarget & { readonly visibilityState: string };
  /** Locks only in secure contexts. */
  readonly navigator?: { readonly onLine?: boolean; readonly locks?: LockManager };
  readonly BroadcastChannel?: typeof BroadcastChannel;
}
