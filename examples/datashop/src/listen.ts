import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { required } from './environment.ts';

/** Resolves once the server listens; rejects with the system's error if it can't. */
export async function listen(
  handler: RequestListener,
  port: number,
  host: string,
): Promise<{ server: Server; port: number }> {
  const server = createServer(handler).listen(port, host);
  await once(server, 'listening');
  return { server, port: (server.address() as AddressInfo).port };
}

/** Milliseconds in which open responses may finish. */
const closeDeadlineMs = 3_000;

/** Refuses new connections, and closes idle ones. Resolves when open responses have finished. */
export async function stopListening(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  await closed;
}

/** Resolves when open responses have finished, or are cut after a few seconds. `closed`: see {@link stopListening}. */
export async function closeServer(server: Server, closed = stopListening(server)): Promise<void> {
  const deadline = setTimeout(() => server.closeAllConnections(), closeDeadlineMs);
  await closed;
  clearTimeout(deadline);
}

/**
 * Listens on METRICS_PORT, by default on loopback only: metrics show what the server does. Closes `main` if that fails,
 * so that the process can end.
 */
export async function listenForMetrics(handler: RequestListener, main: Server): ReturnType<typeof listen> {
  const port = Number(required('METRICS_PORT'));
  try {
    return await listen(handler, port, process.env.METRICS_HOST || '127.0.0.1');
  } catch (cause) {
    main.close();
    throw new Error(`METRICS_PORT ${port} can't be opened (${(cause as Error).message})`, { cause });
  }
}
