import type { ChildMessage, Ports } from './messages.ts';

export interface Running extends Ports {
  stop(): Promise<void>;
}

/** Without a channel to a parent, as in a container, the message goes to the standard error. */
function notifyParent(message: ChildMessage): void {
  if (!process.send) return report(message);
  // The parent may have ended already.
  if (process.connected) process.send(message, () => {});
}

function report(message: ChildMessage): void {
  if (message.type === 'failed') console.error(message.message);
  else console.error(`listening on port ${message.port}`);
}

/**
 * Runs one of the example's processes: reports when it is ready, and stops at SIGTERM or when the parent asks or ends.
 * Without a parent, SIGINT stops it too.
 */
export async function runChild(start: () => Promise<Running>): Promise<void> {
  let stopping = false;
  let running: Running | undefined;
  const stop = async () => {
    if (stopping) return;
    stopping = true;
    // During the start, the code that follows it checks the flag.
    if (running) await end(running);
  };
  process.on('message', (message) => message === 'stop' && void stop());
  process.on('disconnect', stop);
  process.on('SIGTERM', stop);
  // Ctrl-C in a terminal signals every process of the group; a parent stops them in the right order.
  process.on('SIGINT', () => {
    if (!process.send) void stop();
  });

  try {
    running = await start();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    notifyParent({ type: 'failed', message, ...(code ? { code } : {}) });
    process.exitCode = 1;
    // Handles that `start` opened before it failed would keep the process alive. A parent ends the process itself.
    if (!process.send) process.exit();
    disconnect();
    return;
  }
  if (stopping) await end(running);
  else {
    const { stop: _, ...ports } = running;
    notifyParent({ type: 'ready', ...ports });
  }
}

async function end(running: Running): Promise<void> {
  await running.stop();
  disconnect();
}

/** Lets the process exit: the channel to the parent is its last handle. */
function disconnect(): void {
  process.removeAllListeners('disconnect');
  if (process.connected) process.disconnect?.();
}
