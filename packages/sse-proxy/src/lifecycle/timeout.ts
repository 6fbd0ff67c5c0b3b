const slices = 4;

/**
 * Calls `onLate` after `ms`; returns a function that cancels it. Counts down in four slices, so that a stalled event
 * loop consumes at most one slice, and pending I/O (a DNS result, then the connect, then the handshake) is handled
 * first [R44].
 */
export function startTimeout(ms: number, onLate: () => void): () => void {
  let left = slices;
  let stopped = false;
  const tick = () => {
    left--;
    if (left > 0) timer = setTimeout(tick, ms / slices);
    // Lets the event loop handle pending I/O once more.
    else setImmediate(() => stopped || onLate());
  };
  let timer = setTimeout(tick, ms / slices);
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}
