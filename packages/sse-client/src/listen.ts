type Listener = readonly [target: EventTarget | undefined, type: string, listener: (event: Event) => void];

/** Adds listeners to the targets that exist. Returns a function that removes them. */
export function listen(...all: Listener[]): () => void {
  for (const [target, type, listener] of all) target?.addEventListener(type, listener);
  return () => {
    for (const [target, type, listener] of all) target?.removeEventListener(type, listener);
  };
}

/** Calls a function of the user. What it throws is reported as an uncaught error, and does not reach the caller. */
export function callSafely(call: () => void): void {
  try {
    call();
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}
