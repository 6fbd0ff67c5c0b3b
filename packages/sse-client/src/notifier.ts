import type { Environment } from './environment.ts';

/** The fall-back where no frame is drawn, as in a hidden tab or in Node. */
const noFrameMs = 100;

/** Tells listeners that something changed: soon, or with the next frame, and once for all that changed until then. */
export interface Notifier {
  subscribe(listener: () => void): () => void;
  soon(): void;
  nextFrame(): void;
  /** What the frame would have told is told already. */
  cancelFrame(): void;
  close(): void;
}

export function createNotifier(env: Environment, beforeFrame: () => void): Notifier {
  const listeners = new Set<{ call: () => void }>();
  let isQueued = false;
  let timer: unknown;
  let frame: number | undefined;

  function tell(): void {
    isQueued = false;
    for (const { call } of [...listeners]) {
      try {
        call();
      } catch (error) {
        // One listener's fault must not keep the news from the others; the browser reports it.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }

  function cancelFrame(): void {
    env.clearTimeout(timer);
    env.cancelAnimationFrame?.(frame!);
    timer = frame = undefined;
  }

  function draw(): void {
    cancelFrame();
    beforeFrame();
    tell();
  }

  return {
    subscribe(listener) {
      const entry = { call: listener };
      listeners.add(entry);
      return () => void listeners.delete(entry);
    },
    soon() {
      if (isQueued) return;
      isQueued = true;
      queueMicrotask(tell);
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
