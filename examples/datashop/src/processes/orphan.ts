const LOOK_EVERY_MS = 500;

/**
 * Calls back once when npm has gone away. npm starts us through a shell, and a shell that is told to end does not pass
 * that on: without this look `kill` of an `npm start` would leave the whole example running.
 */
export function onOrphaned(callback: () => void): void {
  // Started by hand, or with nohup, we may well outlive our parent.
  if (!process.env.npm_lifecycle_event) return;
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    callback();
  }, LOOK_EVERY_MS).unref();
}
