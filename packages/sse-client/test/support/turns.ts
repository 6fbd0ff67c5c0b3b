/**
 * Resolves after 50 turns of the event loop. Client and server run in this process, so that what one of them has sent
 * over the loopback has then been read and handled by the other, however slow the machine is.
 */
export async function turns(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
}
