import { createServer } from 'node:net';

/** A free port. */
export function freePort(): Promise<number> {
  return listenOnce(0);
}

/** Listens on the port of the loopback address for a moment. Rejects with the system's error if that can't be done. */
export function listenOnce(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      const { port: chosen } = server.address() as { port: number };
      server.close(() => resolve(chosen));
    });
  });
}
