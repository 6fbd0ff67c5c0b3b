import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';

// Below those that systems give to outgoing connections: such a port could be taken again before its server listens.
const firstPort = 11_000;
const lastPort = 32_000;

/** Different ports of the loopback address, on which nobody listens. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(Array.from({ length: count }, listenSomewhere));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  const closed = servers.map((server) => once(server, 'close'));
  for (const server of servers) server.close();
  await Promise.all(closed);
  return ports;
}

async function listenSomewhere(): Promise<Server> {
  for (;;) {
    const port = firstPort + Math.floor(Math.random() * (lastPort - firstPort));
    const server = createServer().listen(port, '127.0.0.1');
    try {
      await once(server, 'listening');
      return server;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    }
  }
}

/** A port of the loopback address, on which nobody listens. */
export async function freePort(): Promise<number> {
  const [port] = await freePorts(1);
  return port as number;
}
