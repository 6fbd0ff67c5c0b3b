const slices = 4;

/**
 * Calls `onLate` after `ms`; returns how to take that back. The time is counted in slices, so that an event loop that
 * stalls uses up one of them however long it stalls, and what has arrived meanwhile is handled before giving up: a
 * DNS answer first, then the connect that it allows, then the handshake.
 */
export function startTimeout(ms: number, onLate: () => void): () => void {
  let left = slices;
  let stopped = false;
  const tick = () => {
    left--;
    if (left > 0) timer = setTimeout(tick, ms / slices);
    // One last look at the sockets.
    else setImmediate(() => stopped || onLate());
  };
  let timer = setTimeout(tick, ms / slices);
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}
