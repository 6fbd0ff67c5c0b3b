/** What the stream takes from the browser, in one place, so that tests can give it something else. */
export interface Environment {
  readonly fetch: typeof fetch;
  /** Wall-clock time, since timers and monotonic clocks stand still while a laptop sleeps. */
  readonly now: () => number;
  readonly random: () => number;
  readonly setTimeout: (callback: () => void, ms: number) => unknown;
  readonly clearTimeout: (timer: unknown) => void;
  readonly requestAnimationFrame: ((callback: () => void) => number) | undefined;
  readonly cancelAnimationFrame: ((frame: number) => void) | undefined;
  /** `online`, `pageshow`, `pagehide` and `storage` come here. */
  readonly window: EventTarget | undefined;
  readonly document: (EventTarget & { readonly visibilityState: string }) | undefined;
  readonly navigator: { readonly onLine?: boolean } | undefined;
  /** In secure contexts. */
  readonly locks?: LockManager | undefined;
  readonly BroadcastChannel?: typeof BroadcastChannel | undefined;
}

/** The browser itself, or what there is of one in Node. Read when a stream is made, so that importing does nothing. */
export function browserEnvironment(): Environment {
  const here = globalThis as typeof globalThis &
    Partial<Pick<Window, 'requestAnimationFrame' | 'cancelAnimationFrame'>>;
  return {
    fetch: (input, init) => here.fetch(input, init),
    now: () => Date.now(),
    random: () => Math.random(),
    setTimeout: (callback, ms) => here.setTimeout(callback, ms),
    clearTimeout: (timer) => here.clearTimeout(timer as number),
    requestAnimationFrame: here.requestAnimationFrame?.bind(here),
    cancelAnimationFrame: here.cancelAnimationFrame?.bind(here),
    window: 'document' in here ? here.window : undefined,
    document: 'document' in here ? here.document : undefined,
    navigator: here.navigator,
    locks: here.navigator?.locks,
    BroadcastChannel: here.BroadcastChannel,
  };
}
