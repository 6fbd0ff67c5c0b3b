import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface LogService {
  url: string;
  /** The requests that have arrived so far. */
  requests: IncomingMessage[];
  /** Every byte that has arrived so far, over all connections. */
  received(): string;
  close(): Promise<void>;
}

/** A stand-in for the log service that records what it receives and responds through `respond`. */
export async function logService(respond: (req: IncomingMessage, res: ServerResponse) => void): Promise<LogService> {
  const requests: IncomingMessage[] = [];
  let received = '';
  const server = createServer((req, res) => {
    requests.push(req);
    respond(req, res);
  }).listen(0, '127.0.0.1');
  server.on('connection', (socket) =>
    socket.on('data', (chunk) => {
      received += chunk;
    }),
  );
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    received: () => received,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
