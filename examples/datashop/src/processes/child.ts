import type { ChildMessage } from './messages.ts';

export interface Running {
  /** The port it listens on, if it does. */
  port?: number;
  stop(): Promise<void>;
}

function tell(message: ChildMessage): void {
  // The parent may be gone already; then there is nobody to tell.
  if (process.connected) process.send?.(message, () => {});
}

/** Runs one of the example's processes: says when it is ready, ends when the parent says so or is gone. */
export async function runChild(start: () => Promise<Running>): Promise<void> {
  let stopping = false;
  let running: Running | undefined;
  const stop = async () => {
    if (stopping) return;
    stopping = true;
    // While it still starts, the end of the start sees the flag.
    if (running) await end(running);
  };
  process.on('message', (message) => message === 'stop' && void stop());
  process.on('disconnect', stop);
  process.on('SIGTERM', stop);
  // Ctrl-C in a terminal reaches every process of the group; the parent knows the right order.
  process.on('SIGINT', () => {});

  try {
    running = await start();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    tell({ type: 'failed', message, ...(code ? { code } : {}) });
    process.exitCode = 1;
    disconnect();
    return;
  }
  if (stopping) await end(running);
  else tell({ type: 'ready', ...(running.port === undefined ? {} : { port: running.port }) });
}

async function end(running: Running): Promise<void> {
  await running.stop();
  disconnect();
}

/** Lets the process run out: the channel to the parent is all that still holds it. */
function disconnect(): void {
  process.removeAllListeners('disconnect');
  if (process.connected) process.disconnect?.();
}
