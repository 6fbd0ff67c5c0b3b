const pollMs = 500;

/**
 * Calls back once when npm has ended. npm starts this process through a shell, and a shell does not forward the signal
 * that ends it: without the check, `kill` of an `npm start` would leave the whole example running.
 */
export function onOrphaned(callback: () => void): void {
  // A process that was started by hand, or with nohup, may outlive its parent.
  if (!process.env.npm_lifecycle_event) return;
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    callback();
  }, pollMs).unref();
}
