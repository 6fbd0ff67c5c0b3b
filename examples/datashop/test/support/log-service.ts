import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface LogService {
  url: string;
  /** What it was asked so far. */
  requests: IncomingMessage[];
  close(): Promise<void>;
}

/** A stand-in for the log service that answers as told and remembers what it was asked. */
export async function logService(answer: (req: IncomingMessage, res: ServerResponse) => void): Promise<LogService> {
  const requests: IncomingMessage[] = [];
  const server = createServer((req, res) => {
    requests.push(req);
    answer(req, res);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
