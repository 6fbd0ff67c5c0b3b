import type { Environment } from './environment.ts';
import { callSafely } from './listen.ts';

/** Milliseconds until listeners are notified if the browser draws no frame, as in a hidden tab. */
const noFrameMs = 100;

/** Notifies listeners in a microtask or with the next frame, once for all changes up to then. */
export interface Notifier {
  subscribe(listener: () => void): () => void;
  soon(): void;
  nextFrame(): void;
  /** Cancels the pending frame notification: listeners have just been notified. */
  cancelFrame(): void;
  close(): void;
}

/** @param beforeFrame called before listeners are notified of a frame */
export function createNotifier(env: Environment, beforeFrame: () => void): Notifier {
  const listeners = new Set<() => void>();
  let isQueued = false;
  let timer: unknown;
  let frame: number | undefined;

  function notify(): void {
    isQueued = false;
    for (const call of [...listeners]) call();
  }

  function cancelFrame(): void {
    env.clearTimeout(timer);
    env.cancelAnimationFrame?.(frame!);
    timer = frame = undefined;
  }

  function draw(): void {
    cancelFrame();
    beforeFrame();
    notify();
  }

  return {
    subscribe(listener) {
      // Wrapped, so that one function can be subscribed more than once.
      const call = () => callSafely(listener);
      listeners.add(call);
      return () => listeners.delete(call);
    },
    soon() {
      if (isQueued) return;
      isQueued = true;
      queueMicrotask(notify);
    },
    nextFrame() {
      if (timer !== undefined) return;
      frame = env.requestAnimationFrame?.(draw);
      timer = env.setTimeout(draw, frame === undefined ? 16 : noFrameMs);
    },
    cancelFrame,
    close() {
      cancelFrame();
      listeners.clear();
    },
  };
}
