import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

type Handler = (req: IncomingMessage, res: ServerResponse) => void;

/** A server in the place of a BFF, which responds as the test says. */
export class Bff {
  readonly port: number;
  /** Requests so far, without those to /readyz. */
  readonly requests: IncomingMessage[] = [];
  /** How often it was asked whether it is ready. */
  asked = 0;
  isReady = true;
  readonly #server: Server;

  private constructor(server: Server, handler: Handler) {
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
    server.on('request', (req: IncomingMessage, res: ServerResponse) => {
      if (req.url !== '/readyz') {
        this.requests.push(req);
        return handler(req, res);
      }
      this.asked += 1;
      res.writeHead(this.isReady ? 200 : 503).end();
    });
  }

  static async start(handler: Handler): Promise<Bff> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new Bff(server, handler);
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}

/** Begins an event stream without an event. */
export function openStream(res: ServerResponse): void {
  res.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store, no-transform' });
  res.flushHeaders();
}
